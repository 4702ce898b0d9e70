import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { chooseParser } from './choose-parser.ts'
import { latexParser } from './latex.ts'
import { behavesAsParser, checkParsedDocument, encode, prose } from './parsers.suite.ts'

const raw = String.raw

behavesAsParser(latexParser, {
  name: 'a.tex',
  bytes: encode(
    raw`\documentclass{article}\title{Harbour}\begin{document}\maketitle\section{Piers}
${prose}

\begin{tabular}{ll}\hline Pier & Length \\ \hline North & 90 \\ \end{tabular}\end{document}`,
  ),
  holds: ['Harbour', 'Piers', prose, 'North | 90'],
})

const parser = latexParser.create({}, { log: silentLog })
const read = async (source: string): Promise<ParsedDocument> => {
  const document = await parser.parse({ name: 'a.tex', bytes: encode(source) })
  checkParsedDocument(document)
  return document
}
const outline = async (source: string): Promise<string[]> => {
  const { text, elements } = await read(source)
  return elements.map((element) => `${element.kind}${element.level ?? ''}: ${text.slice(element.start, element.end)}`)
}

describe('latex', () => {
  it('begins with title, authors and date, which are metadata too', async () => {
    const document = await read(
      raw`\documentclass{article}
\usepackage{x} % Words of the preamble
\title{The \emph{Harbour}}
\author{Ann Example\thanks{Paid} \\ University \and Bob Example}
\date{3 May 2024}
\begin{document}\maketitle
Text.
\end{document} Words after the end.`,
    )
    expect(document.text).toBe('The Harbour\n\nAnn Example, Bob Example\n3 May 2024\n\nText.')
    expect(document.metadata).toEqual({
      title: 'The Harbour',
      author: ['Ann Example', 'Bob Example'],
      date: '2024-05-03',
    })
  })

  it('reads headings, one level deeper below chapters', async () => {
    expect(await outline(raw`\section[short]{One \& two}\label{a}\subsection*{Deep}`)).toEqual([
      'heading2: One & two',
      'heading3: Deep',
    ])
    expect(await outline(raw`\chapter{Ch}\section{One}`)).toEqual(['heading2: Ch', 'heading3: One'])
  })

  it('resolves macros, signs, accents and quotes to words', async () => {
    const source =
      raw`\newcommand{\product}{Quarry}\begin{document}\textbf{Bold} \product{}, ` +
      "``quoted'' -- " +
      raw`Gr\"o\ss{}e, caf\'{e}, \c cа~x \cite[p.~3]{key1,key2} in Table~\ref{tab:a}, 5\,\% of {\large all}\ldots{} % gone
\verb|a--b| \href{https://x.org}{its page} $a_1 % gone
+ b$ \vspace{2em}\unknown{one}{two}.\end{document}`
    expect(await outline(source)).toEqual([
      'paragraph: Bold Quarry, “quoted” – Größe, café, çа x [key1, key2, p. 3] in Table tab:a, 5 % of all… a--b its page $a_1 + b$ one two.',
    ])
  })

  it('reads lists in lists, definitions and references', async () => {
    const source = raw`\begin{itemize}\item one
\begin{enumerate}\item in \item too\end{enumerate}
\item[b)] two

more\end{itemize}
\begin{description}\item[Pier] what it is\end{description}
\begin{thebibliography}{9}\bibitem{a} Ann. \emph{Book}.\end{thebibliography}`
    expect(await outline(source)).toEqual([
      'list-item: - one',
      'list-item: 1. in',
      'list-item: 2. too',
      'list-item: b) two',
      'paragraph: more',
      'list-item: Pier: what it is',
      'list-item: [a] Ann. Book.',
    ])
  })

  it('reads tables and captions', async () => {
    const source = raw`\begin{table}\caption{Sizes}\begin{tabular}{|l|r|}\toprule Pier & Length \\ \midrule
North \& south & 90 \\ \multicolumn{2}{c}{all} \\ \bottomrule\end{tabular}\end{table}
\begin{figure}\includegraphics[width=1cm]{a.png}\caption{A pier.}\end{figure}`
    const document = await read(source)
    expect(document.text).toBe('Sizes\n\nPier | Length\nNorth & south | 90\nall\n\nA pier.')
    expect(document.elements.map(({ kind, headerRows }) => [kind, headerRows])).toEqual([
      ['caption', undefined],
      ['table', 1],
      ['caption', undefined],
    ])
  })

  it('keeps code and formulas as they are written', async () => {
    const source = raw`Let
\[ y = \frac{1}{2} \label{y} \]
be.
\begin{equation}x\end{equation}
\begin{lstlisting}[language=Python]
if x: # { 5%
    y
\end{lstlisting}
\begin{minted}{js}
f()
\end{minted}
\begin{comment}gone\end{comment}`
    expect(await outline(source)).toEqual([
      'paragraph: Let',
      raw`paragraph: $$y = \frac{1}{2}$$`,
      'paragraph: be.',
      'paragraph: $$x$$',
      'code: if x: # { 5%\n    y',
      'code: f()',
    ])
    expect((await read(source)).elements.map(({ language }) => language).filter(Boolean)).toEqual(['python', 'js'])
  })

  it('reads abstracts, quotes, statements and footnotes', async () => {
    const source = raw`\begin{abstract}About.\end{abstract}
A word.\footnote{Said \emph{so}.} More.

\begin{quote}Quoted.\end{quote}
\begin{theorem}[Ann] It stands.\end{theorem}`
    expect(await outline(source)).toEqual([
      'heading2: Abstract',
      'paragraph: About.',
      'paragraph: A word.[1] More.',
      'note: [1] Said so.',
      'quote: Quoted.',
      'paragraph: Theorem (Ann). It stands.',
    ])
  })

  it('reads no other file, and says so', async () => {
    const document = await read(raw`before \input{/etc/passwd} after \include{b}`)
    expect(document.text).toBe('before after')
    expect(document.warnings).toEqual(['2 included files are not part of this document. Add the files themselves.'])
  })

  it('reads long files piece by piece', async () => {
    const section = raw`\section{Piers} ${prose.repeat(10)} \emph{North}` + '\n\n'
    const steps: number[] = []
    const bytes = encode(section.repeat(6))
    const document = await parser.parse({ name: 'a.tex', bytes }, { onProgress: ({ done }) => steps.push(done) })
    checkParsedDocument(document)
    expect(steps.length).toBeGreaterThan(2)
    expect(document.elements.filter(({ kind }) => kind === 'heading')).toHaveLength(6)
  })

  it('bounds nesting, and reads what does not close', async () => {
    for (const open of ['{', raw`\begin{a}`]) {
      await expect(read(open.repeat(5000))).rejects.toMatchObject({ code: 'file-corrupt' })
    }
    expect((await read(raw`\section{Piers} {\bf North \begin{itemize} \item one`)).text).toContain('North')
  })

  it('is found by content where a file has no extension', () => {
    const bytes = encode(raw`\documentclass{article}\begin{document}x\end{document}`)
    expect(chooseParser('paper', bytes, bytes.length).parserId).toBe('latex')
  })
})
