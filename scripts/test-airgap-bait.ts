import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const remote = 'https://bait.example'

/** Documents that ask whoever reads them to fetch something, each in the way of its format. Gives how many. */
export function writeBait(folder: string): number {
  mkdirSync(folder)
  for (const [name, text] of Object.entries(bait)) writeFileSync(join(folder, name), text)
  return Object.keys(bait).length
}

const bait: Record<string, string> = {
  'page.html': `<!doctype html><html><head><title>Bait</title><base href="${remote}/">
<meta http-equiv="refresh" content="0; url=${remote}/refresh"><link rel="stylesheet" href="${remote}/a.css">
<link rel="preconnect" href="${remote}"><script src="${remote}/a.js"></script>
<script>fetch('${remote}/script')</script><style>@import url('${remote}/b.css');</style></head><body>
<h1>Bait</h1><p>The page asks for a picture.</p><img src="${remote}/a.png" srcset="${remote}/b.png 2x">
<iframe src="${remote}/frame"></iframe><object data="${remote}/object"></object><video src="${remote}/v.mp4"></video>
</body></html>`,
  'notes.md': `# Bait\n\nA picture: ![one](${remote}/a.png), and <img src="${remote}/b.png">.\n\n[link]: ${remote}/link\n`,
  'manual.adoc': `= Bait
:allow-uri-read:
:data-uri:
:stylesheet: ${remote}/a.css
:source-highlighter: ${remote}/highlight.js

The manual includes another.

include::${remote}/other.adoc[]

image::${remote}/a.png[]
`,
  'paper.tex': `\\documentclass{article}\\begin{document}\\section{Bait}The paper inputs another.
\\input{${remote}/other.tex}\\includegraphics{${remote}/a.png}\\immediate\\write18{curl ${remote}}\\end{document}`,
  'guide.rst': `Bait
====

The guide includes another.

.. include:: ${remote}/other.rst
.. image:: ${remote}/a.png
.. raw:: html
   :url: ${remote}/raw.html
`,
  'data.xml': `<?xml version="1.0"?><?xml-stylesheet href="${remote}/a.xsl" type="text/xsl"?>
<!DOCTYPE note SYSTEM "${remote}/note.dtd" [<!ENTITY out SYSTEM "${remote}/entity"><!ENTITY % more SYSTEM "${remote}/more.dtd"> %more;]>
<note xmlns:xi="http://www.w3.org/2001/XInclude" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="urn:note ${remote}/note.xsd"><body>The note includes another: &out;</body>
<xi:include href="${remote}/included.xml"/></note>`,
  'message.eml': `From: a@bait.example
To: b@bait.example
Subject: Bait
MIME-Version: 1.0
Disposition-Notification-To: a@bait.example
Content-Type: multipart/mixed; boundary="x"

--x
Content-Type: text/html; charset=utf-8

<p>The message asks for a picture.</p><img src="${remote}/pixel.gif?id=1" width="1">

--x
Content-Type: message/external-body; access-type=URL; URL="${remote}/body"

Content-Type: text/plain

--x--
`,
  'letter.rtf': `{\\rtf1\\ansi {\\*\\template ${remote}/a.dot}The letter includes a picture.
{\\field{\\*\\fldinst INCLUDEPICTURE "${remote}/a.png"}{\\fldrslt }}\\par}`,
  'book.ipynb': JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: [
      { cell_type: 'markdown', metadata: {}, source: `# Bait\n![a](${remote}/a.png)` },
      {
        cell_type: 'code',
        metadata: {},
        execution_count: 1,
        source: `!curl ${remote}`,
        outputs: [
          { output_type: 'display_data', metadata: {}, data: { 'text/html': `<img src="${remote}/b.png">asked` } },
        ],
      },
    ],
  }),
}
