import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import { judgeGates, meansOf, parseGate } from '../shared/gates.ts'
import { junitOf } from './junit.ts'

describe('a gate', () => {
  it.each([
    ['recall@5>=0.9', { metric: 'recall@5', operator: '>=', bound: 0.9 }],
    [' span-iou@5 > .5', undefined],
    ['precision_omega < 0.5', { metric: 'precision_omega', operator: '<', bound: 0.5 }],
    ['recall@5=0.9', undefined],
    ['>=0.9', undefined],
    ['recall@5>=high', undefined],
    ['recall@5>=0.9; rm', undefined],
  ])('%s', (text, wanted) => {
    const gate = parseGate(text)
    if (wanted) expect(gate).toMatchObject(wanted)
    else expect(gate).toBeUndefined()
  })

  it('fails for a metric that could score no case: its mean is none, not 0', () => {
    const means = meansOf([
      { name: 'recall@5', mean: 0.9, cases: 8 },
      { name: 'unsupported-rate', mean: 0, cases: 0 },
    ])
    expect(means).toEqual({ 'recall@5': 0.9 })
    expect(judgeGates([parseGate('unsupported-rate<=0.1')!], means)).toMatchObject([{ value: null, passed: false }])
  })

  it('passes and fails by its number, and fails for what was not measured', () => {
    const gates = ['recall@5>=0.9', 'recall@5>0.9', 'latency<10', 'ndcg@10<=1'].map((rule) => parseGate(rule)!)
    const results = judgeGates(gates, { 'recall@5': 0.9, 'ndcg@10': 0.7 })
    expect(results.map(({ passed, value }) => [passed, value])).toEqual([
      [true, 0.9],
      [false, 0.9],
      [false, null],
      [true, 0.7],
    ])
  })
})

describe('a JUnit report', () => {
  it('is well-formed whatever is in it, and counts what failed', () => {
    const nasty = `</testcase> & "quotes" 'too' <![CDATA[ \u0000\u001b \ud800 \n 中文`
    const text = junitOf(nasty, [
      { name: nasty, seconds: 0.25 },
      { name: 'gate', failure: nasty },
      { name: 'question', error: nasty, output: nasty },
    ])
    const elements: { name: string; attributes: Record<string, string> }[] = []
    const parser = new SaxesParser()
    parser.on('error', (error) => {
      throw error
    })
    parser.on('opentag', ({ name, attributes }) => void elements.push({ name, attributes: attributes }))
    parser.write(text).close()
    expect(elements.filter(({ name }) => name === 'testcase')).toHaveLength(3)
    expect(elements[0]).toMatchObject({ name: 'testsuites', attributes: { tests: '3', failures: '1', errors: '1' } })
    expect(elements.find(({ name }) => name === 'failure')!.attributes.message).toContain('</testcase> & "quotes"')
  })
})
