import type { NetworkPurpose, RefusalReason } from '../../core/contract/network.ts'

/** What a connection is for, as people say it. */
export const purposeLabels: Record<NetworkPurpose, string> = {
  'model-download': 'Model downloads',
  chat: 'Answers',
  embeddings: 'Embeddings',
  rerank: 'Reranking',
  'trace-export': 'Trace export',
  'run-export': 'Run export',
}

/** What a host gets to see when it is asked for this. */
export const purposeMeaning: Record<NetworkPurpose, string> = {
  'model-download': 'Names of models. Nothing of your documents.',
  chat: 'Questions, and the passages that answers are written from.',
  embeddings: 'Every chunk of the documents, and every question.',
  rerank: 'Questions, and the passages found for them.',
  'trace-export': 'What each question did, with its texts.',
  'run-export': 'Runs with their settings, scores, questions and answers.',
}

export const reasonLabels: Record<RefusalReason, string> = {
  'address-invalid': 'there was no proper address',
  'scheme-refused': 'neither https nor http',
  offline: 'Quarry was offline',
  'host-not-allowed': 'the host is not allowed',
  'purpose-not-allowed': 'the host is allowed for something else',
  'plain-http': 'http, where only https is allowed',
  'leaves-machine': 'it would have left this machine',
  'led-to-this-machine': 'another machine led back to this one',
  'too-many-redirects': 'it led from address to address',
}

/** 'answers and embeddings' */
export function purposesText(purposes: readonly NetworkPurpose[]): string {
  return new Intl.ListFormat('en').format(purposes.map((purpose) => purposeLabels[purpose].toLowerCase()))
}
