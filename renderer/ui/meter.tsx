import { ProgressBar } from 'react-aria-components'

/** A bar of progress. `share` is 0 to 1, or null while the total is unknown; `label` is read out, not shown. */
export function Meter({ share, label, valueText }: { share: number | null; label: string; valueText: string }) {
  return (
    <ProgressBar
      aria-label={label}
      value={share ?? 0}
      minValue={0}
      maxValue={1}
      isIndeterminate={share === null}
      valueLabel={valueText}
      className="meter"
    >
      <div className="meter-track">
        <div
          className={`meter-fill${share === null ? ' meter-unknown' : ''}`}
          style={share === null ? {} : { width: `${share * 100}%` }}
        />
      </div>
    </ProgressBar>
  )
}
