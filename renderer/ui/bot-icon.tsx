const letters = new Intl.Segmenter('en')

/** A bot's emoji or letters, else the first letter of its name. */
export function BotIcon({ icon, name }: { icon: string; name: string }) {
  const [first] = letters.segment(name.trim())
  return (
    <span className="bot-icon" aria-hidden>
      {icon.trim() || first?.segment.toUpperCase()}
    </span>
  )
}
