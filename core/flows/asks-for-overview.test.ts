import { expect, it } from 'vitest'
import { asksForOverview } from './asks-for-overview.ts'

it.each([
  'Summarise this document.',
  'Please summarize the report',
  'Give me an overview of the handbook',
  'What are the main points?',
  'What is this paper about?',
  "What's it about?",
  'TL;DR',
  'Read the whole document and tell me who wrote it.',
  'Fasse das Dokument zusammen.',
  'Worum geht es in dem Vertrag?',
  'Gib mir einen Überblick.',
  'Résumez ce rapport.',
  'Haz un resumen del contrato.',
  '请总结这份文件',
  'この文書を要約してください',
])('%s asks for an overview', (question) => expect(asksForOverview(question)).toBe(true))

it.each([
  'What is the wave height limit for Fulmar?',
  'When does the café open?',
  'Who wrote the report?',
  'What is the key used for?',
  'How is the engine looked after?',
  'What does the text say about fuel?',
  'Wie hoch dürfen die Wellen sein?',
  '渔船的波高限制是多少？',
])('%s asks for a detail', (question) => expect(asksForOverview(question)).toBe(false))
