/** Fixed, so that the library's style element is always the same and the page's policy can allow it by its hash. */
export const plotClass = 'plot'

const styled = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity', 'font-family', 'font-size'] as const

/** The picture as it looks on the page, with nothing that it takes from there: colours, fonts and a background of its own. */
export function standAloneSvg(picture: SVGSVGElement): string {
  const copy = picture.cloneNode(true) as SVGSVGElement
  const originals = [picture, ...picture.querySelectorAll<SVGElement>('*')]
  const copies = [copy, ...copy.querySelectorAll<SVGElement>('*')]
  originals.forEach((original, index) => {
    const style = getComputedStyle(original)
    for (const name of styled) {
      const value = style.getPropertyValue(name)
      if (value !== '') copies[index]?.setAttribute(name, value)
    }
  })
  copy.querySelector('style')?.remove()
  copy.removeAttribute('class')
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  const ground = copy.ownerDocument.createElementNS('http://www.w3.org/2000/svg', 'rect')
  ground.setAttribute('width', '100%')
  ground.setAttribute('height', '100%')
  ground.setAttribute('fill', getComputedStyle(document.body).backgroundColor)
  copy.prepend(ground)
  return new XMLSerializer().serializeToString(copy)
}
