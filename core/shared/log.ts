/** Where core writes what happened. Never receives document text, questions, keys or cancellations. */
export interface Log {
  info(message: string, details?: Record<string, unknown>): void
  warn(message: string, details?: Record<string, unknown>): void
  error(message: string, details?: Record<string, unknown>): void
}

export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} }

/** One line a message, to standard error, so that standard output stays data. */
export function consoleLog(write: (line: string) => void = (line) => console.error(line)): Log {
  const entry = (level: string) => (message: string, details?: Record<string, unknown>) =>
    write(`${new Date().toISOString()} ${level} ${message}${details ? ` ${JSON.stringify(details)}` : ''}`)
  return { info: entry('info'), warn: entry('warn'), error: entry('error') }
}
