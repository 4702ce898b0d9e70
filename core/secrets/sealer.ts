/** One way to make a key unreadable to whoever gets hold of the file that it is in. */
export interface Sealer {
  /** Stands beside what it sealed, so that the same one opens it. */
  readonly place: 'keychain' | 'passphrase-file' | 'key-file'
  /** Whether it can be used here and now, and a sentence for a person: what it protects against, or why it cannot. */
  status(): Promise<{ usable: boolean; message: string }>
  /** @param name Whose key it is: what was sealed under one name cannot be opened under another. */
  seal(name: string, secret: string): Promise<Uint8Array>
  /** Errors: keys-unavailable (another passphrase, another machine, damage). */
  open(name: string, sealed: Uint8Array): Promise<string>
}
