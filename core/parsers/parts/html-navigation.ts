import { type HtmlElement, type HtmlNode, isElement, isInvisible, isText } from './html-nodes.ts'

/**
 * Tells what on a page is clearly there to move around in it or its site, and no part of what it says: menus, lists of
 * links in headers and side bars, breadcrumbs, page numbers, cookie banners. In doubt the answer is no, for losing text
 * is worse than keeping a menu: nothing that holds a first-level heading or half of the page's text is navigation,
 * unless the page itself calls it so.
 */
export function findNavigation(body: HtmlElement): (element: HtmlElement) => boolean {
  const measures = measure(body)
  const whole = measures.get(body)?.text ?? 0
  return (element) => {
    const { text = 0, linked = 0, links = 0, hasTitle = false, hasHeading = false } = measures.get(element) ?? {}
    if (text > whole / 2 && whole > 0 && element.localName !== 'nav') return false
    if (isMenu(element)) return text < whole * 0.8
    if (hasTitle || whole < shortPage) return false
    if (element.localName === 'a') return isSkipLink(element)
    if (isConsent(element)) return text < 5000
    const mostlyLinks = linked > text * 0.7
    if (!mostlyLinks || links === 0) return false
    if (menuNames.test(namesOf(element))) return true
    const place = placeOf(element, body)
    if (place === undefined) return false
    if (place === element) return !(hasHeading && element.localName === 'header')
    return links >= 3 && /^(ul|ol|div|section|p)$/.test(element.localName) && !hasHeading
  }
}

/** In a page with less text than this, links are likely what it is about. */
const shortPage = 500

/** What the page itself marks as a menu or a search form. */
export function isMenu(element: HtmlElement): boolean {
  if (element.localName === 'nav') return true
  const role = element.getAttribute('role')
  return role === 'navigation' || role === 'search' || role === 'menu' || role === 'menubar' || role === 'toolbar'
}

interface Measure {
  /** Characters of visible text, white space aside. */
  text: number
  /** Those of them that are in links. */
  linked: number
  links: number
  /** A first-level heading is in it. */
  hasTitle: boolean
  hasHeading: boolean
}

/** One walk over the page, for asking every element for its text would take the square of that. */
function measure(body: HtmlElement): Map<HtmlNode, Measure> {
  const measures = new Map<HtmlNode, Measure>()
  const visit = (element: HtmlElement, inLink: boolean): Measure => {
    const own: Measure = { text: 0, linked: 0, links: 0, hasTitle: false, hasHeading: false }
    for (const child of Array.from(element.childNodes)) {
      if (isText(child)) {
        const length = (child.textContent ?? '').replaceAll(/\s+/g, '').length
        own.text += length
        if (inLink) own.linked += length
      } else if (isElement(child) && !isInvisible(child)) {
        const isLink = child.localName === 'a' && child.hasAttribute('href')
        const inner = visit(child, inLink || isLink)
        own.text += inner.text
        own.linked += inner.linked
        own.links += inner.links + (isLink ? 1 : 0)
        own.hasTitle ||= inner.hasTitle || child.localName === 'h1'
        own.hasHeading ||= inner.hasHeading || /^h[1-6]$/.test(child.localName)
      }
    }
    measures.set(element, own)
    return own
  }
  visit(body, false)
  return measures
}

function isSkipLink(link: HtmlElement): boolean {
  const href = link.getAttribute('href') ?? ''
  return href.startsWith('#') && /^\s*(skip|jump) to\b/i.test(link.textContent ?? '')
}

function namesOf(element: HtmlElement): string {
  return `${element.getAttribute('class') ?? ''} ${element.getAttribute('id') ?? ''}`
}

const menuNames =
  /(?:^|[\s_-])(?:nav|navbox|navbar|menu|submenu|dropdown|sidebar|breadcrumbs?|toc|share|sharing|social|pagination|pager|editsection|toolbar|portlet)(?:$|[\s_-])/i

function isConsent(element: HtmlElement): boolean {
  return /(?:cookie|consent|gdpr)[\w-]*(?:banner|bar|consent|notice|notification|popup|dialog|modal|overlay)|onetrust|cookiebot/i.test(
    namesOf(element),
  )
}

/** The header, footer or side bar that an element is or stands in; those of an article are part of it. */
function placeOf(element: HtmlElement, body: HtmlElement): HtmlElement | undefined {
  let place: HtmlElement | undefined
  for (let node: HtmlNode | null = element; node && node !== body; node = node.parentNode) {
    if (!isElement(node)) continue
    if (node.localName === 'article' || node.localName === 'main') return undefined
    const role = node.getAttribute('role')
    const isPlace =
      /^(header|footer|aside)$/.test(node.localName) ||
      role === 'banner' ||
      role === 'contentinfo' ||
      role === 'complementary'
    if (isPlace) place ??= node
  }
  return place
}
