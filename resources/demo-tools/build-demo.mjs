// Regenerates the binary and web documents of resources/demo/corpus from sources/.
//
//   node resources/demo-tools/build-demo.mjs [path-fragment]
//
// Needs Debian's chromium, libreoffice-writer and hyphen-en-gb.
//   sources/web/**.html   -> complete saved page (.html) with site navigation around the article
//   sources/pdf/**.html   -> .pdf printed by chromium, or by LibreOffice where the source brings
//                            its own <div title="footer">; class="hyphenated" hyphenates the text
//   sources/docx/**.html  -> .docx by LibreOffice (Word heading styles, lists and tables)
// The .md, .txt, .csv and .tsv documents are kept in corpus/ and edited there.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const sources = join(here, 'sources')
const corpus = join(here, '..', 'demo', 'corpus')
const only = process.argv[2] ?? ''
const work = mkdtempSync(join(tmpdir(), 'demo-'))

const walk = (dir) =>
  readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? walk(join(dir, e.name)) : [join(dir, e.name)]))
const titleOf = (html) => (/<h1>(.*?)<\/h1>/s.exec(html)?.[1] ?? 'Untitled').replace(/<[^>]+>/g, '')
const office = (args) =>
  execFileSync('soffice', ['--headless', `-env:UserInstallation=file://${work}/profile`, ...args], { stdio: 'ignore' })

const printCss = (title, columns) => `
@page { size: A4; margin: 24mm 22mm 22mm;
  @top-left { content: "Skerry Point Marine Research Station"; font: 8.5pt sans-serif; color: #555 }
  @top-right { content: "${title}"; font: 8.5pt sans-serif; color: #555 }
  @bottom-center { content: "Page " counter(page) " of " counter(pages); font: 8.5pt sans-serif; color: #555 } }
body { font: ${columns ? '10.8pt/1.5' : '11pt/1.5'} "Liberation Serif", serif; margin: 0 }
h1, h2, h3 { font-family: "Liberation Sans", sans-serif; break-after: avoid; line-height: 1.2 }
h1 { font-size: 20pt } h2 { font-size: ${columns ? 12.5 : 14}pt; margin: 1.3em 0 .4em } h3 { font-size: ${columns ? 11 : 11.5}pt; margin: 1em 0 .3em }
p { margin: 0 0 .7em } ${columns ? 'p { text-align: justify }' : ''}
table { border-collapse: collapse; width: 100%; margin: .8em 0 1.2em; font-size: .92em; break-inside: avoid }
th, td { border-bottom: .5pt solid #999; padding: 3pt 6pt 3pt 0; text-align: left; vertical-align: top }
caption { text-align: left; font-style: italic; padding-bottom: 3pt }
.meta, .authors { color: #444; font-style: italic }
.cover { break-after: page; padding-top: 70mm } .cover h1 { font-size: 30pt } .kicker { letter-spacing: .08em }
${columns ? 'article { columns: 2; column-gap: 11mm } .paperhead { column-span: all; margin-bottom: 5mm }' : ''}`

const sitePage = (title, section, article) => `<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<title>${title} | Skerry Point Marine Research Station</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{font:16px/1.5 sans-serif;margin:0}nav ul{display:flex;gap:1rem;list-style:none}main{max-width:44rem;margin:auto}
.banner{background:#023;color:#fff;padding:.5rem 1rem}table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2rem .5rem}
</style>
<script>window.siteConfig={section:"${section}",search:"/search",menu:["boats","labs","stay"]};function toggleMenu(){document.body.classList.toggle("open")}</script>
</head>
<body>
<header class="banner"><a href="/">Skerry Point</a> <button onclick="toggleMenu()">Menu</button>
<form action="/search" role="search"><input type="search" name="q" placeholder="Search this site"><button>Go</button></form></header>
<nav aria-label="Main"><ul><li><a href="/visit">Visit</a></li><li><a href="/science">Science</a></li><li><a href="/operations">Operations</a></li><li><a href="/about">About us</a></li><li><a href="/news">News</a></li></ul></nav>
<div class="cookie-notice" role="dialog" hidden><p>This site uses one cookie to remember your language.</p><button>Accept</button></div>
<main>
<article>
${article.trim()}
</article>
</main>
<aside><h2>Related pages</h2><ul><li><a href="/webcam">Pier webcam</a></li><li><a href="/tides">Tide table</a></li><li><a href="/contact">Contact</a></li></ul></aside>
<footer><p>Skerry Point Marine Research Station, Hallsay. A charity of the Skerry Point Trust.</p><p><a href="/privacy">Privacy</a> <a href="/accessibility">Accessibility</a> <a href="/feed.xml">Feed</a></p></footer>
<script>document.addEventListener("DOMContentLoaded",function(){var c=document.querySelector(".cookie-notice");if(c&&!localStorage.seen){c.hidden=false}});</script>
</body>
</html>
`

// Hyphenation: break points from Debian's pattern file, then the lines are set in the page with
// plain hyphens, so that the PDF holds "instal-" / "lation" as printed books do.
const hyphenCss = `@page { size: 148mm 210mm; margin: 20mm 18mm }
article { width: 112mm; font-size: 10.5pt } h1 { font-size: 18pt }`

function hyphenate(html) {
  const patterns = new Map()
  for (const line of readFileSync('/usr/share/hyphen/hyph_en_GB.dic', 'latin1').split(/\r?\n/).slice(1)) {
    if (/^[.a-z0-9]+$/.test(line)) patterns.set(line.replace(/\d/g, ''), line.replace(/(?<!\d)(?=[.a-z])/g, '0').replace(/(?<!\d)$/, '0').replace(/[^\d]/g, ''))
  }
  const split = (word) => {
    const dotted = `.${word.toLowerCase()}.`
    const level = new Array(dotted.length + 1).fill(0)
    for (let i = 0; i < dotted.length; i++)
      for (let j = i + 1; j <= dotted.length; j++)
        [...(patterns.get(dotted.slice(i, j)) ?? '')].forEach((d, k) => (level[i + k] = Math.max(level[i + k], +d)))
    return [...word].map((c, i) => (i > 2 && i < word.length - 3 && level[i + 1] % 2 ? `\u00ad${c}` : c)).join('')
  }
  return html.replace(/<[^>]+>|[A-Za-z]{7,}/g, (m) => (m[0] === '<' ? m : split(m)))
}

function setLines() {
  const pen = document.createElement('canvas').getContext('2d')
  for (const block of document.querySelectorAll('article p, article li')) {
    pen.font = getComputedStyle(block).font
    const fits = (line) => pen.measureText(line.replaceAll('\u00ad', '')).width < block.clientWidth - 2
    const lines = ['']
    const last = () => lines[lines.length - 1]
    for (const word of block.textContent.split(/\s+/)) {
      const lead = last() && last() + ' '
      const parts = word.split('\u00ad')
      let n = parts.length
      while (n > 0 && !fits(lead + parts.slice(0, n).join('') + (n < parts.length ? '-' : ''))) n--
      if (n > 0) lines[lines.length - 1] = lead + parts.slice(0, n).join('') + (n < parts.length ? '-' : '')
      if (n < parts.length) lines.push(parts.slice(n).join(''))
    }
    block.replaceChildren(...lines.flatMap((line, i) => (i ? [document.createElement('br'), line] : [line])))
  }
  for (const cell of document.querySelectorAll('td, th, h1, h2, h3')) cell.textContent = cell.textContent.replaceAll('\u00ad', '')
}

const wrap = (title, css, body, lang = 'en-GB') =>
  `<!DOCTYPE html><html lang="${lang}"><head><meta charset="utf-8"><title>${title}</title><style>${css}</style></head><body>${body}</body></html>`

for (const file of walk(sources).filter((f) => f.includes(only))) {
  const [kind, ...rest] = relative(sources, file).split('/')
  const out = join(corpus, rest.join('/').replace(/\.html$/, `.${kind === 'web' ? 'html' : kind}`))
  const html = readFileSync(file, 'utf8')
  const title = titleOf(html)
  const stem = basename(file, '.html')
  const page = join(work, `${stem}.html`)
  mkdirSync(dirname(out), { recursive: true })
  if (kind === 'web') {
    writeFileSync(out, sitePage(title, rest[0], html))
  } else if (kind === 'docx') {
    const lang = stem.endsWith('-de') ? 'de-DE' : 'en-GB'
    writeFileSync(page, wrap(title, '', html, lang))
    office(['--infilter=HTML (StarWriter)', '--convert-to', 'docx:MS Word 2007 XML', '--outdir', work, page])
    renameSync(join(work, `${stem}.docx`), out)
  } else if (html.includes('title="footer"')) {
    writeFileSync(page, wrap(title, '@page { size: A4; margin: 20mm } p, li { font-size: 11pt }', html))
    office(['--infilter=HTML (StarWriter)', '--convert-to', 'odt', '--outdir', work, page])
    office(['--convert-to', 'pdf', '--outdir', work, join(work, `${stem}.odt`)])
    renameSync(join(work, `${stem}.pdf`), out)
  } else {
    const columns = html.includes('class="paperhead"')
    const hyphens = html.includes('class="hyphenated"')
    const body = hyphens ? hyphenate(html) + `<script>(${setLines})()</script>` : html
    const css = printCss(title, columns) + (hyphens ? hyphenCss : '')
    writeFileSync(page, wrap(title, css, `<article>${body}</article>`))
    execFileSync('chromium', ['--headless', '--no-sandbox', '--disable-gpu', '--no-pdf-header-footer',
      `--user-data-dir=${work}/chromium`, `--print-to-pdf=${out}`, page], { stdio: 'ignore' })
  }
  console.log(relative(corpus, out))
}
rmSync(work, { recursive: true, force: true })
