import { CircleAlert, Info, X } from 'lucide-react'
import { failureText } from '../state/failure.ts'
import { useNotices } from '../state/notices.ts'
import { IconButton } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'

/** What is said in passing. Errors stay until they are dismissed. */
export function Notices() {
  const { notices, dismiss } = useNotices()
  return (
    <section className="notices" aria-label="Notices" aria-live="polite">
      {notices.map((notice) => {
        const { failure } = notice
        return (
          <div key={notice.id} className={`notice notice-${notice.tone}`}>
            {notice.tone === 'danger' ? <CircleAlert size={15} aria-hidden /> : <Info size={15} aria-hidden />}
            <p>{notice.text}</p>
            {failure ? <CopyButton text={() => failureText(failure)} label="Copy the error" /> : null}
            <IconButton label="Dismiss" icon={<X size={14} aria-hidden />} onPress={() => dismiss(notice.id)} />
          </div>
        )
      })}
    </section>
  )
}
