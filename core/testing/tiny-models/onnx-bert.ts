import { encodeOnnxModel, onnxTypes } from '../../../models/onnx-writer.ts'
import { createOnnxGraph, type OnnxGraph, type OnnxPrecision } from './onnx-graph.ts'
import { randomWeights } from './random-weights.ts'

export interface BertShape {
  vocabulary: number
  layers: number
  hidden: number
  heads: number
  maxTokens: number
  seed: number
}

/** 'states': one vector a token. 'score': one number a text, as cross-encoders give. */
export type BertHead = 'states' | 'score'

/**
 * BERT (Devlin et al. 2018, arXiv:1810.04805) with random weights as an ONNX file. Inputs `input_ids`,
 * `attention_mask`, `token_type_ids`, each [batch × tokens] int64. Output `last_hidden_state` [batch × tokens × hidden]
 * or `logits` [batch × 1], float32.
 */
export function encodeBert(shape: BertShape, head: BertHead, precision: OnnxPrecision): Uint8Array {
  const { vocabulary, layers, hidden, maxTokens } = shape
  const graph = createOnnxGraph(precision, randomWeights(shape.seed))

  const length = graph.add('Shape', ['input_ids'], { start: 1, end: 2 })
  const places = graph.add('Slice', [graph.table(maxTokens, hidden, 0.5), graph.integers([0]), length])
  const words = graph.add('Gather', [graph.table(vocabulary, hidden, 1), 'input_ids'], { axis: 0 })
  const types = graph.add('Gather', [graph.table(2, hidden, 0.5), 'token_type_ids'], { axis: 0 })
  let states = normalise(graph, graph.add('Add', [graph.add('Add', [words, types]), places]), hidden)
  const bias = paddingBias(graph)
  for (let layer = 0; layer < layers; layer++) {
    states = normalise(graph, graph.add('Add', [states, attention(graph, states, bias, shape)]), hidden)
    states = normalise(graph, graph.add('Add', [states, feedForward(graph, states, hidden)]), hidden)
  }
  const result = head === 'score' ? score(graph, states, hidden) : states
  const output = head === 'score' ? 'logits' : 'last_hidden_state'
  return encodeOnnxModel({
    producer: 'quarry',
    operatorSet: 17,
    irVersion: 8,
    description: 'BERT with random weights, for tests.',
    graphName: 'bert',
    inputs: ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => ({
      name,
      type: 'int64' as const,
      shape: ['batch', 'tokens'],
    })),
    outputs: [{ name: output, type: 'float32', shape: head === 'score' ? ['batch', 1] : ['batch', 'tokens', hidden] }],
    initializers: graph.initializers,
    nodes: [...graph.nodes, { operator: 'Identity', inputs: [result], outputs: [output] }],
  })
}

function normalise(graph: OnnxGraph, input: string, hidden: number): string {
  const weights = [graph.vector(hidden, 0.1, 1), graph.vector(hidden, 0.1)]
  return graph.add('LayerNormalization', [input, ...weights], { axis: -1, epsilon: { float: 1e-12 } })
}

/** [batch × 1 × 1 × tokens]: 0 where there is a token, very little where there is none. */
function paddingBias(graph: OnnxGraph): string {
  const mask = graph.add('Cast', ['attention_mask'], { to: onnxTypes.float32 })
  const absent = graph.add('Sub', [graph.float(1), mask])
  return graph.add('Unsqueeze', [graph.add('Mul', [absent, graph.float(-1e9)]), graph.integers([1, 2])])
}

function attention(graph: OnnxGraph, states: string, bias: string, { hidden, heads }: BertShape): string {
  const width = hidden / heads
  const split = (perm: readonly number[]): string => {
    const all = graph.add('Reshape', [graph.dense(states, hidden, hidden), graph.integers([0, 0, heads, width])])
    return graph.add('Transpose', [all], { perm: { integers: perm } })
  }
  const [queries, keys, values] = [split([0, 2, 1, 3]), split([0, 2, 3, 1]), split([0, 2, 1, 3])]
  const scaled = graph.add('Mul', [graph.add('MatMul', [queries, keys]), graph.float(1 / Math.sqrt(width))])
  const weights = graph.add('Softmax', [graph.add('Add', [scaled, bias])], { axis: -1 })
  const mixed = graph.add('Transpose', [graph.add('MatMul', [weights, values])], { perm: { integers: [0, 2, 1, 3] } })
  return graph.dense(graph.add('Reshape', [mixed, graph.integers([0, 0, hidden])]), hidden, hidden)
}

function feedForward(graph: OnnxGraph, states: string, hidden: number): string {
  const wide = graph.dense(states, hidden, 4 * hidden)
  // GELU
  const error = graph.add('Erf', [graph.add('Mul', [wide, graph.float(Math.SQRT1_2)])])
  const gate = graph.add('Mul', [graph.add('Add', [error, graph.float(1)]), graph.float(0.5)])
  return graph.dense(graph.add('Mul', [wide, gate]), 4 * hidden, hidden)
}

function score(graph: OnnxGraph, states: string, hidden: number): string {
  const first = graph.add('Gather', [states, graph.integers([0], [])], { axis: 1 })
  return graph.dense(graph.add('Tanh', [graph.dense(first, hidden, hidden)]), hidden, 1)
}
