import { useEffect, useState } from 'react'
import { Check, Copy } from 'lucide-react'
import { Button, IconButton } from './button.tsx'

/** Copies text (`label` names an icon, `words` are a button's own name); says so for two seconds, to the eye and to a screen reader. */
export function CopyButton({ text, label, words }: { text: () => string; label: string; words?: string }) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return undefined
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [copied])
  const onPress = async (): Promise<void> => {
    await copyText(text())
    setCopied(true)
  }
  const icon = copied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />
  return (
    <>
      {words ? (
        <Button look="quiet" small icon={icon} onPress={() => void onPress()}>
          {copied ? 'Copied' : words}
        </Button>
      ) : (
        <IconButton label={copied ? 'Copied' : label} icon={icon} onPress={() => void onPress()} />
      )}
      <span className="visually-hidden" role="status">
        {copied ? 'Copied' : ''}
      </span>
    </>
  )
}

async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // No permission, or no secure context: the old way still works after a press.
    const area = document.createElement('textarea')
    area.value = text
    area.style.position = 'fixed'
    area.style.opacity = '0'
    document.body.append(area)
    area.select()
    document.execCommand('copy')
    area.remove()
  }
}
