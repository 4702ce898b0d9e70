/** What is said to the bot itself, and not asked of its documents. */
export type Help = 'greeting' | 'thanks' | 'help'

/**
 * Whether a message greets, thanks or asks what the bot is for, and does nothing else: "hello" is no question to the
 * documents. Whatever has a word more in it is one.
 */
export function asksForHelp(message: string): Help | undefined {
  const said = message
    .normalize('NFC')
    .replaceAll(/[\s\p{P}\p{Extended_Pictographic}]+/gu, ' ')
    .trim()
  if (said === '' || said.length > longestSaid) return undefined
  return kinds.find(([, pattern]) => pattern.test(said))?.[0]
}

const longestSaid = 60

const hello = String.raw`(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|greetings|hallo|moin|servus|guten (?:morgen|tag|abend)|grüezi|bonjour|salut|bonsoir|hola|buenos d[ií]as|buenas tardes|ciao|buongiorno|olá|你好|您好|こんにちは|สวัสดี)`
const politeness = String.raw`(?: (?:there|again|everyone|all|bot|zusammen|à tous|a todos))?`
const thanks = String.raw`(?:(?:many |ok |okay )?(?:thanks|thank you|thx|cheers|danke|dankeschön|vielen dank|merci|gracias|muchas gracias|grazie|obrigad[oa])(?: a lot| so much| very much| you| schön| sehr| beaucoup)?|谢谢|ありがとう)`

const kinds: [Help, RegExp][] = [
  ['greeting', new RegExp(`^${hello}${politeness}$`, 'iu')],
  ['thanks', new RegExp(`^${thanks}$`, 'iu')],
  [
    'help',
    new RegExp(
      `^(?:${hello}${politeness} )?(?:${[
        'help(?: me)?(?: please)?',
        'please help(?: me)?',
        'what (?:can|do|could) you do(?: for me)?',
        '(?:what|who) are you',
        'what is this (?:bot(?: for)?|for)',
        'how (?:do you|does this bot) work',
        'how (?:do|can) i use (?:you|this bot)',
        'hilfe(?: bitte)?',
        'was kannst du(?: für mich)?(?: tun)?',
        'wer bist du',
        'aide(?: moi)?',
        '(?:qui es tu|qui êtes vous|que peux tu faire|que pouvez vous faire)',
        'ayuda',
        '(?:quién eres|qué puedes hacer)',
      ].join('|')})$`,
      'iu',
    ),
  ],
]
