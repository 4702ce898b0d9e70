/** Every connection that was asked for, allowed or refused. What may be connected to is a setting, 'network'. */
export const name = '0040-network'

export const sql = `
CREATE TABLE network_attempts (
  number INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice, also not after the list was emptied
  at INTEGER NOT NULL,
  purpose TEXT NOT NULL,
  host TEXT NOT NULL, -- with its port where that is not the usual one; never a path, a query or a key
  method TEXT NOT NULL,
  reason TEXT -- why it was refused; null where it was allowed
) STRICT;
`
