import { isMenu } from './html-navigation.ts'
import { type HtmlElement, type HtmlNode, isElement, isInvisible } from './html-nodes.ts'

export interface MainContent {
  root: HtmlElement
  skip: (element: HtmlElement) => boolean
}

const markName = 'data-quarry-mark'
/** Readability needs about a second per megabyte; beyond this the page is more likely data than an article. */
const longestForReadability = 3_000_000

/**
 * The element that holds what Readability keeps. Undefined where it finds no article, or keeps less than half of what
 * is left of the page without its menus: then the page is no article, and choosing would lose content.
 */
export async function findMain(document: HtmlElement, body: HtmlElement): Promise<MainContent | undefined> {
  const total = visibleLength(body)
  if (total < 500 || total > longestForReadability) return undefined
  const marked = [...body.querySelectorAll('*')]
  if (marked.length > 100_000) return undefined
  marked.forEach((element, index) => element.setAttribute(markName, String(index)))
  const kept = await keptMarks(document)
  if (!kept || kept.size === 0) return undefined
  const keptElements = marked.filter((_, index) => kept.has(index))
  const root = wholeBlock(commonAncestor(keptElements, body), body)
  const isKept = (element: HtmlElement): boolean => kept.has(Number(element.getAttribute(markName) ?? -1))
  const skip = (element: HtmlElement): boolean => isMenu(element) || (!isKept(element) && looksLikeBoilerplate(element))
  const length = visibleLength(root, skip)
  return length >= visibleLength(body, isMenu) / 2 ? { root, skip } : undefined
}

async function keptMarks(document: HtmlElement): Promise<Set<number> | undefined> {
  const { Readability } = await import('@mozilla/readability')
  try {
    const clone = (document as unknown as { cloneNode(deep: boolean): never }).cloneNode(true)
    const article = new Readability<HtmlElement>(clone, {
      serializer: (node) => node as unknown as HtmlElement,
      charThreshold: 300,
    }).parse()
    if (!article?.content) return undefined
    const marks = new Set<number>()
    for (const element of article.content.querySelectorAll(`[${markName}]`)) {
      marks.add(Number(element.getAttribute(markName)))
    }
    return marks
  } catch {
    // It throws on pages without structure; those are read whole.
    return undefined
  }
}

function commonAncestor(elements: readonly HtmlElement[], body: HtmlElement): HtmlElement {
  let path: HtmlElement[] | undefined
  for (const element of elements) {
    const own = pathFrom(body, element)
    if (!path) path = own
    else {
      let shared = 0
      while (shared < path.length && shared < own.length && path[shared] === own[shared]) shared++
      path = path.slice(0, shared)
    }
  }
  return path?.at(-1) ?? body
}

/** The nearest ancestor that can be read on its own: a piece of a table, list or preformatted text is not enough. */
function wholeBlock(element: HtmlElement, body: HtmlElement): HtmlElement {
  const path = pathFrom(body, element)
  const piece = path.findIndex((step) => /^(pre|table|ul|ol|dl|blockquote|p|figure)$/.test(step.localName))
  const whole = piece < 0 ? element : path[piece - 1]
  return whole && /^(body|div|article|main|section|form|td|center)$/.test(whole.localName) ? whole : body
}

function pathFrom(body: HtmlElement, element: HtmlElement): HtmlElement[] {
  const path: HtmlElement[] = []
  for (let node: HtmlNode | null = element; node && node !== body; node = node.parentNode) {
    if (isElement(node)) path.push(node)
  }
  return [body, ...path.reverse()]
}

const boilerplateNames =
  /(?:^|[\s_-])(?:nav|navbox|navbar|menu|sidebar|breadcrumbs?|footer|share|sharing|social|cookies?|consent|banner|promo|advert\w*|ads?|related|newsletter|subscribe|pagination|pager|comments?|editsection|jump|skip|catlinks|noprint|toolbar|widget)(?:$|[\s_-])/i

/** Something Readability left out that also calls itself a side matter, or is mostly links. */
function looksLikeBoilerplate(element: HtmlElement): boolean {
  const tag = element.localName
  if (tag === 'aside' || tag === 'footer' || tag === 'form') return true
  const role = element.getAttribute('role')
  if (role === 'complementary' || role === 'contentinfo' || role === 'banner' || role === 'dialog') return true
  const names = `${element.getAttribute('class') ?? ''} ${element.getAttribute('id') ?? ''}`
  if (boilerplateNames.test(names)) return true
  if (tag !== 'div' && tag !== 'ul' && tag !== 'section' && tag !== 'table') return false
  const length = (element.textContent ?? '').length
  if (length === 0) return false
  let linked = 0
  for (const link of element.querySelectorAll('a')) linked += (link.textContent ?? '').length
  return linked / length > 0.75
}

/** Characters of text that a reader sees. */
export function visibleLength(root: HtmlNode, skip?: (element: HtmlElement) => boolean): number {
  let length = 0
  const visit = (node: HtmlNode): void => {
    for (const child of Array.from(node.childNodes)) {
      if (child.nodeType === 3) length += (child.textContent ?? '').replaceAll(/\s+/g, ' ').length
      else if (isElement(child) && !isInvisible(child) && !skip?.(child)) visit(child)
    }
  }
  visit(root)
  return length
}
