/** 1 is A, 27 is AA. */
export function inLetters(number: number): string {
  let text = ''
  for (let rest = Math.min(number, 1_000_000); rest > 0; rest = Math.floor((rest - 1) / 26)) {
    text = String.fromCharCode(65 + ((rest - 1) % 26)) + text
  }
  return text || String(number)
}

/** Upper case; numbers that the Romans could not write stay as they are. */
export function inRoman(number: number): string {
  if (number < 1 || number > 3999) return String(number)
  let text = ''
  let rest = number
  for (const [sign, value] of romanSigns) {
    for (; rest >= value; rest -= value) text += sign
  }
  return text
}

const romanSigns: [sign: string, value: number][] = [
  ['M', 1000],
  ['CM', 900],
  ['D', 500],
  ['CD', 400],
  ['C', 100],
  ['XC', 90],
  ['L', 50],
  ['XL', 40],
  ['X', 10],
  ['IX', 9],
  ['V', 5],
  ['IV', 4],
  ['I', 1],
]
