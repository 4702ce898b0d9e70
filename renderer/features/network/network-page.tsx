import { useEffect } from 'react'
import { Globe, Lock, ShieldAlert } from 'lucide-react'
import { Switch } from 'react-aria-components'
import type { NetworkStatus } from '../../../core/contract/network.ts'
import { useConnection } from '../../state/connection.ts'
import { useNetwork } from '../../state/network.ts'
import { sayFailure } from '../../state/notices.ts'
import { FailureNote } from '../../ui/failure-note.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { AllowedHosts } from './allowed-hosts.tsx'
import { Attempts } from './attempts.tsx'
import { outcomeSentence } from './network-facts.ts'

/** Whether anything may leave this machine, what may, and everything that was tried. */
export function NetworkPage() {
  const { status, failure, refresh } = useNetwork()
  const generation = useConnection((state) => state.generation)
  useEffect(() => {
    document.title = 'Network · Quarry'
  }, [])
  useEffect(() => {
    void refresh()
  }, [refresh, generation])
  return (
    <>
      <PageHeader
        title="Network"
        scope={<span className="soft">What may leave this machine, and what was tried</span>}
      />
      <div className="page-scroll">
        {failure ? <FailureNote failure={failure} onRetry={() => void refresh()} /> : null}
        {status ? (
          <div className="network">
            <OfflineSwitch status={status} />
            <AllowedHosts status={status} />
            <Attempts status={status} />
          </div>
        ) : failure ? null : (
          <p className="page-note soft">Reading how the network is set …</p>
        )}
      </div>
    </>
  )
}

function OfflineSwitch({ status }: { status: NetworkStatus }) {
  const { offline, lock, allowed } = status
  const set = (next: boolean): void => void useNetwork.getState().setOffline(next).catch(sayFailure)
  return (
    <section className="network-state" data-offline={offline || undefined} aria-labelledby="network-state-title">
      <div className="network-state-icon" aria-hidden>
        {offline ? <Lock size={22} /> : <Globe size={22} />}
      </div>
      <div className="network-state-text">
        <h2 id="network-state-title">{offline ? 'Offline: nothing leaves this machine' : 'Online'}</h2>
        <p>
          {offline
            ? `Every connection to another machine is refused, whatever is in the list below. Servers on this machine can be used ${lock ? 'where the list has them' : 'once you allow them'}.`
            : allowed.some(({ thisMachine }) => !thisMachine)
              ? 'The hosts below may be connected to, each only for what it is allowed for. Everything else is refused.'
              : 'Connections to other machines are possible, but no other machine is allowed yet: all of them are still refused.'}
        </p>
        <p className="soft">{outcomeSentence(status)}</p>
      </div>
      <Switch className="switch" isSelected={offline} isDisabled={lock !== null} onChange={set}>
        <span className="switch-track" aria-hidden>
          <span className="switch-knob" />
        </span>
        Offline
      </Switch>
      {lock ? <LockNote lock={lock} /> : null}
    </section>
  )
}

function LockNote({ lock }: { lock: NonNullable<NetworkStatus['lock']> }) {
  return (
    <div className="network-lock" data-problem={lock.problem ? true : undefined}>
      <ShieldAlert size={16} aria-hidden />
      <div>
        <p>
          <strong>Locked by an administrator.</strong> {lock.message}
        </p>
        <p className="soft">Nobody can change these settings here or on the command line.</p>
        {lock.problem ? (
          <p className="tone-danger">
            What is laid down cannot be understood, so everything is refused: {lock.problem}
          </p>
        ) : null}
      </div>
    </div>
  )
}
