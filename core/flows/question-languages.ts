import { fold } from '../generators/extractive/words.ts'
import type { Language } from '../indexes/stop-words.ts'

/** How the questions that a document's structure gives are worded in a language. */
export interface QuestionWording {
  /** What a section says; the heading stands as it is, so that nothing has to be declined. */
  heading(title: string, topic: string): string
  cell(title: string, column: string, label: string): string
  /** 'X is a …': the question for X, and what it is; undefined where the sentence is none. */
  definition(sentence: string): { question: string; answer: string } | undefined
  /** Headings that say nothing of what is under them. */
  emptyTopics: ReadonlySet<string>
}

/**
 * The languages besides English, whose wording is in `generate-questions.ts` with everything else that it knows of it.
 * Of a document in another language no such questions are made.
 */
export const questionWordings: Partial<Record<Language, QuestionWording>> = {
  de: {
    heading: (title, topic) => `Was steht in „${title}“ zu „${topic}“?`,
    cell: (title, column, label) => `Was gibt „${title}“ als „${column}“ für ${label} an?`,
    definition(sentence) {
      const [, article, subject, answer] =
        /^(Ein|Eine|Der|Die) ((?:\p{Ll}[\p{L}-]* ){0,2}\p{Lu}[\p{L}\p{N}-]{2,}) ist ((?:ein|eine) [^ ]+ .{8,})$/u.exec(
          sentence,
        ) ?? []
      if (article === undefined || subject === undefined || answer === undefined) return undefined
      if (/(?:^| )(?:Ziel|Zweck|Grund|Ursache|Folge|Ergebnis|Beispiel|Fall|Vorteil|Nachteil|Teil)$/.test(subject))
        return undefined
      return { question: `Was ist ${article.toLowerCase()} ${subject}?`, answer }
    },
    emptyTopics: setOf(
      `einleitung einführung überblick übersicht zusammenfassung inhalt inhaltsverzeichnis anhang anlage anlagen literatur
       quellen hinweise hinweis allgemeines sonstiges vorwort schluss fazit glossar index begriffe zweck teilnehmer
       tagesordnung anwesend unterschrift datum`,
    ),
  },
  fr: {
    heading: (title, topic) => `Que dit « ${title} » à propos de « ${topic} » ?`,
    cell: (title, column, label) => `Que donne « ${title} » comme « ${column} » pour ${label} ?`,
    definition(sentence) {
      const [, article, subject, verb, answer] =
        /^(Un |Une |Le |La |Les |L[’'])(\p{Ll}[\p{L}’'-]{2,}(?: [\p{L}\p{N}’'-]+){0,4}?) (est|sont) ((?:une?|des) [^ ]+ .{8,})$/u.exec(
          sentence,
        ) ?? []
      if (article === undefined || subject === undefined || answer === undefined) return undefined
      if ((article === 'Les ') !== (verb === 'sont')) return undefined
      if (/(?:^| )(?:qui|que|dont|où|but|objectif|raison|résultat|exemple|cas|ne|n’est|seule?)(?: |$)/.test(subject))
        return undefined
      const thing = `${article.toLowerCase().replace("'", '’')}${subject}`
      const asks = article === 'Un ' || article === 'Une ' ? 'Qu’est-ce qu’' : 'Qu’est-ce que '
      return { question: verb === 'sont' ? `Que sont ${thing} ?` : `${asks}${thing} ?`, answer }
    },
    emptyTopics: setOf(
      `introduction sommaire contenu résumé conclusion annexe annexes références bibliographie notes note remarques
       remarque généralités divers préambule glossaire index objet présents signature date`,
    ),
  },
  es: {
    heading: (title, topic) => `¿Qué dice «${title}» sobre «${topic}»?`,
    cell: (title, column, label) => `¿Qué da «${title}» como «${column}» para ${label}?`,
    definition(sentence) {
      const [, article, subject, verb, answer] =
        /^(Un|Una|El|La|Los|Las) (\p{Ll}[\p{L}-]{2,}(?: [\p{L}\p{N}-]+){0,4}?) (es|son) ((?:una?|unos|unas) [^ ]+ .{8,})$/u.exec(
          sentence,
        ) ?? []
      if (article === undefined || subject === undefined || answer === undefined) return undefined
      if (/^L[oa]s$/.test(article) !== (verb === 'son')) return undefined
      if (
        /(?:^| )(?:que|quien|cuyo|donde|objetivo|fin|razón|resultado|ejemplo|caso|no|único|única)(?: |$)/.test(subject)
      )
        return undefined
      return { question: `¿Qué ${verb} ${article.toLowerCase()} ${subject}?`, answer }
    },
    emptyTopics: setOf(
      `introducción índice contenido resumen conclusión conclusiones anexo anexos referencias bibliografía notas nota
       observaciones generalidades varios prólogo glosario objeto asistentes firma fecha`,
    ),
  },
}

function setOf(words: string): ReadonlySet<string> {
  return new Set(words.split(/\s+/).map(fold))
}
