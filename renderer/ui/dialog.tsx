import { useId, type ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { X } from 'lucide-react'
import { Button, IconButton } from './button.tsx'

/** A modal dialog (APG: dialog-modal). Focus goes in, stays in, and comes back; Escape closes. */
export function Dialog({
  isOpen,
  onClose,
  title,
  children,
  role = 'dialog',
  wide = false,
}: {
  isOpen: boolean
  onClose(): void
  title: string
  children: ReactNode
  role?: 'dialog' | 'alertdialog'
  wide?: boolean
}) {
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      isDismissable
      className="scrim"
    >
      <Modal className={`modal${wide ? ' modal-wide' : ''}`}>
        <AriaDialog role={role} className="dialog">
          <header className="dialog-header">
            <Heading slot="title" className="dialog-title">
              {title}
            </Heading>
            <IconButton label="Close" icon={<X size={16} />} onPress={onClose} />
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}

/** Asks before something is lost; the sentence says what. */
export function ConfirmDialog({
  isOpen,
  onClose,
  onConfirm,
  title,
  action,
  children,
}: {
  isOpen: boolean
  onClose(): void
  onConfirm(): void
  title: string
  action: string
  children: ReactNode
}) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={title} role="alertdialog">
      <div className="dialog-body">{children}</div>
      <footer className="dialog-footer">
        <Button look="plain" onPress={onClose} autoFocus>
          Keep
        </Button>
        <Button
          look="danger"
          onPress={() => {
            onConfirm()
            onClose()
          }}
        >
          {action}
        </Button>
      </footer>
    </Dialog>
  )
}

/** The fields of a dialog, what is wrong with them, and the buttons that end it. */
export function DialogForm({
  failure,
  onSubmit,
  onClose,
  actions,
  children,
}: {
  failure: string | null
  onSubmit(): void
  onClose(): void
  /** Beside 'Cancel'. */
  actions: ReactNode
  children: ReactNode
}) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      <div className="dialog-body">
        {children}
        {failure ? (
          <p className="field-failure" role="alert">
            {failure}
          </p>
        ) : null}
      </div>
      <footer className="dialog-footer">
        <Button onPress={onClose}>Cancel</Button>
        {actions}
      </footer>
    </form>
  )
}

/** A labelled line of text inside a form. */
export function TextLine({
  label,
  value,
  onChange,
  failure,
  autoFocus = false,
}: {
  label: string
  value: string
  onChange(value: string): void
  failure?: string | null
  autoFocus?: boolean
}) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input"
        value={value}
        autoFocus={autoFocus}
        maxLength={120}
        autoComplete="off"
        aria-invalid={failure ? true : undefined}
        aria-describedby={failure ? `${id}-failure` : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      {failure ? (
        <p id={`${id}-failure`} className="field-failure" role="alert">
          {failure}
        </p>
      ) : null}
    </div>
  )
}
