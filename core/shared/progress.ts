/** How far some work has come. `total` is absent while it is not known. */
export interface Progress {
  done: number
  total?: number
  unit: string
  label: string
}
