/** What the shell tells the core host about where it runs. Plain values: it crosses between processes. */
export interface HostEnvironment {
  /** The workspace folder. */
  dataFolder: string
  /** Searched in order. */
  modelFolders: string[]
  /** The folder with the sample's `corpus/` and `questions.json`. */
  demoFolder: string
}
