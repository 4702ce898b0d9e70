import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

/** Ways to the network. Everything goes through core/network: docs/decisions/0008-network-door.md. */
const networkModules = ['http', 'https', 'http2', 'net', 'tls', 'dns', 'dns/promises', 'dgram', 'inspector']
const networkLibraries = ['undici', 'ws', 'axios', 'got', 'ky', 'node-fetch', 'cross-fetch', 'electron-updater']
const networkGlobals = ['fetch', 'WebSocket', 'WebSocketStream', 'EventSource', 'XMLHttpRequest', 'WebTransport']
const throughTheDoor = 'The network is reached through core/network only: take a `fetch` as a dependency.'

export default tseslint.config(
  { ignores: ['node_modules', 'out', 'dist', 'bench/peers', 'resources', 'coverage'] },
  ...tseslint.configs.recommendedTypeChecked.map((config) => ({
    ...config,
    files: ['**/*.ts', '**/*.tsx', '**/*.cts'],
  })),
  {
    files: ['**/*.ts', '**/*.tsx', '**/*.cts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Methods of contracts, statements and services never use `this`.
      '@typescript-eslint/unbound-method': 'off',
      eqeqeq: 'error',
      'no-console': ['error', { allow: ['error', 'warn'] }],
    },
  },
  {
    files: ['core/**/*.ts', 'electron/**/*.{ts,cts}'],
    ignores: ['core/network/**', '**/*.test.ts', '**/*.suite.ts', '**/testing/**'],
    rules: {
      'no-restricted-globals': ['error', ...networkGlobals.map((name) => ({ name, message: throughTheDoor }))],
      'no-restricted-properties': [
        'error',
        ...['globalThis', 'global', 'self', 'window'].flatMap((object) =>
          networkGlobals.map((property) => ({ object, property, message: throughTheDoor })),
        ),
        { object: 'process', property: 'getBuiltinModule', message: throughTheDoor },
        { object: 'process', property: 'binding', message: throughTheDoor },
        { object: 'navigator', property: 'sendBeacon', message: throughTheDoor },
      ],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [
            ...[...networkModules.flatMap((name) => [name, `node:${name}`]), ...networkLibraries].map((name) => ({
              name,
              message: throughTheDoor,
              allowTypeImports: true,
            })),
            {
              name: 'electron',
              importNames: ['net', 'autoUpdater', 'crashReporter'],
              allowTypeImports: true,
              message: throughTheDoor,
            },
          ],
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: `ImportExpression > Literal[value=/^(node:)?(${[...networkModules, ...networkLibraries].join('|').replaceAll('/', '.')})$/]`,
          message: throughTheDoor,
        },
      ],
    },
  },
  {
    // They listen on 127.0.0.1 and connect to nothing, or know a class of `net` only to recognise a pipe.
    files: ['core/host/serve.ts', 'core/host/wire-http.ts', 'core/compute/worker-process.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': 'off' },
  },
  { files: ['bench/**', 'models/**', 'scripts/**', 'e2e/**', '**/*.test.ts'], rules: { 'no-console': 'off' } },
  { files: ['renderer/**/*.tsx', 'renderer/**/*.ts'], ...reactHooks.configs.flat.recommended },
)
