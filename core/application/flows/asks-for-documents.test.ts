import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { asksForDocuments } from './asks-for-documents.ts'

describe('a question about the bot’s own documents', () => {
  it.each([
    'Which documents do you have?',
    'which documents do you know',
    'What files can you answer from?',
    'What can you answer from?',
    'What can I ask you?',
    'what can i ask about?',
    'Hello, what are your sources?',
    'List your documents',
    'Show me all the documents.',
    'How many documents do you have?',
    'Which documents are available?',
    'What sources do you use?',
    'Which documents do you have access to?',
    'What documents can I ask about?',
    'Welche Dokumente hast du?',
    'Welche Unterlagen kennst du?',
    'Woraus kannst du antworten?',
    'Was kann ich dich fragen?',
    'Zeige mir alle Dokumente',
    'Quels documents avez-vous ?',
    '¿Qué documentos tienes?',
  ])('%s', (question) => expect(asksForDocuments(question)).toBe(true))

  it.each([
    'Which documents do I need for a visa?',
    'Which documents do I have to hand in?',
    'What documents can be submitted electronically?',
    'Which documents are available on request for auditors?',
    'Which documents do you have to keep for ten years?',
    'What files does the build produce?',
    'What can you answer?',
    'What can I ask my landlord to pay?',
    'What do you know about parental leave?',
    'What are your opening hours?',
    'List the sources of error in the measurement.',
    'List your documents that mention leave',
    'How many documents are there in the archive of the ministry?',
    'Show me the document about parental leave.',
    'What sources of energy do you use?',
    'Which documents do you have and what does the first one say about pay?',
    'Welche Dokumente brauche ich für den Antrag?',
    'Welche Unterlagen haben Sie dem Antrag beizufügen?',
    'Welche Dateien erzeugt der Build?',
    'Quels documents faut-il fournir ?',
    '¿Qué documentos hay que presentar?',
    'leave',
    '',
    `Which documents do you have${' '.repeat(200_000)}? ${'x'.repeat(200)}`,
  ])('not: %s', (question) => expect(asksForDocuments(question)).toBe(false))

  it('is none of the questions that the sample comes with', () => {
    const path = join(import.meta.dirname, '../../../resources/demo/questions.json')
    const { cases: questions } = JSON.parse(readFileSync(path, 'utf8')) as { cases: { question: string }[] }
    expect(questions.length).toBeGreaterThan(20)
    expect(questions.filter(({ question }) => asksForDocuments(question))).toEqual([])
  })
})
