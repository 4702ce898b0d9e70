import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { Button as AriaButton, Tooltip, TooltipTrigger, type ButtonProps } from 'react-aria-components'

type Look = 'primary' | 'plain' | 'quiet' | 'danger'

interface Props extends Omit<ButtonProps, 'className' | 'children' | 'style'> {
  look?: Look
  icon?: ReactNode
  children: ReactNode
  small?: boolean
}

/** A button with words. */
export function Button({ look = 'plain', icon, small, children, ...rest }: Props) {
  return (
    <AriaButton {...rest} className={`button button-${look}${small ? ' button-small' : ''}`}>
      {icon}
      <span>{children}</span>
    </AriaButton>
  )
}

/** A button with only an icon; its name is its tooltip. */
export function IconButton({
  label,
  icon,
  ...rest
}: Omit<ButtonProps, 'className' | 'children' | 'style' | 'aria-label'> & { label: string; icon: ReactNode }) {
  return (
    <Tip text={label}>
      <AriaButton {...rest} aria-label={label} className="icon-button">
        {icon}
      </AriaButton>
    </Tip>
  )
}

/** An `IconButton` for places where there are hundreds of them: its name is its title, and it has no tip of its own. */
export function LightIconButton({
  label,
  icon,
  ...rest
}: Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className' | 'children' | 'aria-label' | 'title' | 'type'> & {
  label: string
  icon: ReactNode
}) {
  return (
    <button {...rest} type="button" aria-label={label} title={label} className="icon-button icon-button-light">
      {icon}
    </button>
  )
}

/** Shows `text` on hover and focus of the one focusable child. */
export function Tip({
  text,
  children,
  className = '',
  delayMs = 400,
}: {
  text: ReactNode
  children: ReactNode
  className?: string
  delayMs?: number
}) {
  return (
    <TooltipTrigger delay={delayMs} closeDelay={60}>
      {children}
      <Tooltip className={`tip ${className}`} offset={6}>
        {text}
      </Tooltip>
    </TooltipTrigger>
  )
}
