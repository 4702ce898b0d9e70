/** The embedding model of a new collection. It comes along, as does the one before it: collections name theirs. */
export const bundledEmbedder = 'static-512'
