import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/**
 * Builds `out/main` (the shell, the core host and its compute workers: three entries, because they run in three kinds
 * of process), `out/preload` and `out/renderer`. Packages under `dependencies` stay in node_modules; those under
 * `devDependencies` are bundled.
 */
export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      target: 'node24',
      rollupOptions: {
        input: {
          main: here('electron/main.ts'),
          host: here('core/host/utility-main.ts'),
          'compute-worker': here('core/compute/worker.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      rollupOptions: {
        input: { preload: here('electron/preload.ts') },
        // A sandboxed preload script cannot be a module.
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: here('renderer'),
    // The page has places such as /library/…, from which relative addresses of its files would lead nowhere.
    base: '/',
    plugins: [react()],
    build: {
      outDir: here('out/renderer'),
      emptyOutDir: true,
      minify: true,
      // What the page's policy would refuse anyway: nothing is inlined as a data: address but images.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: { input: { index: here('renderer/index.html') } },
    },
  },
})
