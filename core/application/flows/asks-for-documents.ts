/**
 * Whether somebody asks a bot which documents it has, or what it can answer from: a short question about its own
 * documents and nothing else. Every other question is one to the documents, also where it names some.
 */
export function asksForDocuments(question: string): boolean {
  const asked = question.normalize('NFC').replaceAll(/\s+/g, ' ').trim()
  return asked.length <= longestAsked && patterns.some((pattern) => pattern.test(asked))
}

const longestAsked = 120

const start = String.raw`^(?:(?:hi|hello|hey|please|so|ok|okay|hallo|bitte|also|bonjour|hola)[,!.]? )*`
const end = String.raw`(?: please| bitte| exactly| genau)?[\s?.!]*$`
const things = String.raw`(?:documents?|docs|files?|sources?|texts?|papers?|materials?)`
const dinge = String.raw`(?:dokumente?n?|dateien?|quellen?|unterlagen|texte?n?)`
const choses = String.raw`(?:documents?|fichiers?|sources?|textes?)`
const cosas = String.raw`(?:documentos?|archivos?|ficheros?|fuentes?|textos?)`

const patterns = [
  // which documents do you have / know / use / can you answer from
  String.raw`(?:which|what)(?: kind of| other)? ${things} (?:do|can|did|are|have) (?:you|i)(?: actually| currently| all)?(?: have| got| know| use| see| read| hold| search| cite| answer| access| been given| given| using| based| ask about| ask you about| indexed| loaded)*(?: from| on| about| here| access to| available| in| of| right now| now)*`,
  String.raw`(?:which|what) ${things} are (?:there|available|in here|included|loaded|indexed|here)(?: here| for me| to you)?`,
  // what can you answer from, what do you know about
  String.raw`what (?:can|do|are) you (?:answer|know|answering|answer questions) (?:from|about|on)`,
  String.raw`what (?:can|could) i ask(?: you)?(?: about| here)?`,
  String.raw`what are your ${things}`,
  String.raw`(?:list|show|name|tell)(?: me)?(?: all)?(?: of)?(?: your| the| available)* ${things}(?: you have| that you have| you know| here)?`,
  String.raw`how many ${things} (?:do you (?:have|know)|are there|are you using)`,
  // Deutsch
  String.raw`(?:welche|was für|wie viele) ${dinge} (?:hast|kennst|nutzt|benutzt|liest|siehst|verwendest|haben|kennen|nutzen|gibt|stehen|kannst|können)(?: du| sie| wir| es)?(?: hier| alle| zur verfügung| lesen| durchsuchen| beantworten)*`,
  String.raw`(?:woraus|aus welchen ${dinge}|aus was|worüber) (?:kannst|antwortest|beantwortest|können|antworten|weißt|wissen)(?: du| sie)?(?: antworten| fragen beantworten| etwas)?`,
  String.raw`was kann ich(?: dich| sie)?(?: hier)? fragen`,
  String.raw`(?:zeig|zeige|nenne|liste)(?: mir)?(?: alle| die| deine| ihre)* ${dinge}(?: auf)?`,
  // français
  String.raw`(?:quels|de quels|sur quels) ${choses} (?:as-tu|avez-vous|connais-tu|connaissez-vous|utilises-tu|utilisez-vous|disposes-tu|disposez-vous|réponds-tu|répondez-vous|y a-t-il)`,
  String.raw`(?:liste|montre|montrez|listez)(?:-moi)?(?: tous)?(?: les| tes| vos) ${choses}`,
  String.raw`que puis-je (?:te|vous) demander`,
  // español
  String.raw`¿?(?:qué|cuáles|cuántos) ${cosas} (?:tienes|tiene|conoces|conoce|usas|usa|hay)`,
  String.raw`(?:lista|muestra|muéstrame|enumera)(?: todos)?(?: los| tus| sus) ${cosas}`,
  String.raw`¿?qué (?:te )?puedo preguntar(?:te)?`,
].map((pattern) => new RegExp(`${start}(?:${pattern})${end}`, 'iu'))
