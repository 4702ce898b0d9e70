import { useEffect } from 'react'
import { CircleAlert } from 'lucide-react'
import { useModels } from '../state/models.ts'
import { hrefOf } from '../state/route.ts'

/** A model that a setting names, with the way to it; where it is not on this machine, that is said. */
export function ModelLink({ id }: { id: string }) {
  const model = useModels(({ models }) => models?.find(({ manifest }) => manifest.id === id))
  const known = useModels(({ models }) => models !== null)
  useEffect(() => {
    void useModels.getState().refresh()
  }, [id])
  const missing = known && (model === undefined || model.origin === null)
  return (
    <span className="model-link">
      <a href={hrefOf({ page: 'models', modelId: id })} className="mono">
        {id}
      </a>
      {missing || model?.state === 'damaged' ? (
        <span className="tone-danger model-link-note">
          <CircleAlert size={14} aria-hidden />
          {missing ? 'is not on this machine: import or download it' : 'is damaged'}
        </span>
      ) : null}
    </span>
  )
}
