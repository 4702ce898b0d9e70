export declare const root: string
export declare const runtimeMissing: string
export declare function findNode(): string | undefined
export declare function runsTypeScript(version: string): boolean
export declare function runtimeEnvironment(): Record<string, string | undefined>
export declare function handOver(entry: URL, args: readonly string[]): Promise<void>
export declare function runNode(node: string, args: readonly string[], options?: object): Promise<number>
