import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'
import type { Plugin } from 'vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/**
 * What drawing some PDF files needs besides the program: character maps, the standard fonts, decoders of pictures (those
 * without WebAssembly, which the page's policy does not allow). Read by the page only for a file that asks for them.
 */
function pdfResources(): Plugin {
  const library = here('node_modules/pdfjs-dist')
  const { version } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8')) as { version: string }
  const place = `assets/pdf-${version}`
  const files = ['cmaps', 'standard_fonts', 'wasm'].flatMap((folder) =>
    readdirSync(join(library, folder))
      .filter((name) => folder !== 'wasm' || /nowasm_fallback\.js$|^LICENSE.*(JBIG2|OPENJPEG)$/.test(name))
      .map((name) => `${folder}/${name}`),
  )
  return {
    name: 'pdf-resources',
    generateBundle() {
      for (const file of files) {
        this.emitFile({ type: 'asset', fileName: `${place}/${file}`, source: readFileSync(join(library, file)) })
      }
    },
    configureServer(server) {
      server.middlewares.use(`/${place}`, (request, response, next) => {
        const file = files.find((each) => request.url === `/${each}`)
        if (!file) return next()
        response.setHeader('content-type', file.endsWith('.js') ? 'text/javascript' : 'application/octet-stream')
        response.end(readFileSync(join(library, file)))
      })
    },
  }
}

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
    plugins: [react(), pdfResources()],
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
