import { expect, it } from 'vitest'
import { attributeAt, attributeNames, contentAttributeNames, isRedactable } from './trace-attributes.ts'

it('keeps what is in the first table, at any place of a list, and nothing else', () => {
  for (const name of Object.values(attributeNames)) expect(isRedactable(name.replace('{i}', '12'))).toBe(false)
  for (const name of Object.values(contentAttributeNames)) expect(isRedactable(name.replace('{i}', '0'))).toBe(true)
  expect(isRedactable('somebody.elses')).toBe(true)
  expect(attributeAt(attributeNames.retrievedScore, 3)).toBe('retrieval.documents.3.document.score')
})
