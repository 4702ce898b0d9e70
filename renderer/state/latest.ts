/** Keeps answers to the same question in the order in which it was asked. */
export interface Latest {
  /**
   * Before a request. What it gives is called once, when the request has ended: whether that is news, and not older than
   * what is known already.
   */
  begin(): () => boolean
  /** Something newer is known than what is being asked for. Whether anything is: then it is to be asked for again. */
  outdate(): boolean
}

export function createLatest(): Latest {
  let begun = 0
  let under = 0
  /** Number of the newest request that what is known came of. */
  let known = 0
  return {
    begin() {
      const number = (begun += 1)
      under += 1
      return () => {
        under -= 1
        if (number <= known) return false
        known = number
        return true
      }
    },
    outdate() {
      known = begun
      return under > 0
    },
  }
}
