import { useEffect } from 'react'
import { shell } from '../platform/shell.ts'
import { collectionInSight, useAdding } from '../state/adding.ts'
import { useConnection } from '../state/connection.ts'
import { followJobs } from '../state/jobs.ts'
import { keepFollowing } from '../state/keep-following.ts'
import { useNetwork } from '../state/network.ts'
import { sayFailure } from '../state/notices.ts'
import { usePreferences } from '../state/preferences.ts'
import { navigate } from '../state/route.ts'
import { useWorkspace } from '../state/workspace.ts'

/** What the page follows as long as it is open: the workspace, its jobs, the native menu, the theme. */
export function useFollowing(): void {
  const generation = useConnection((state) => state.generation)
  const theme = usePreferences((state) => state.theme)
  useEffect(() => {
    void useWorkspace.getState().refresh()
    void useNetwork.getState().refresh()
  }, [generation])
  useEffect(() => {
    const controller = new AbortController()
    void keepFollowing(() => followJobs(controller.signal), controller.signal)
    return () => controller.abort()
  }, [])
  useEffect(() => shell.setTheme(theme), [theme])
  useEffect(
    () =>
      shell.onMenuCommand((command) => {
        const target = collectionInSight()
        const add = (picked: ReturnType<typeof shell.pickFiles>): void =>
          void picked.then((chosen) => useAdding.getState().add(chosen, target), sayFailure)
        if (command === 'add-files') add(shell.pickFiles())
        else if (command === 'add-folder') add(shell.pickFolder())
        else if (command === 'open-ask') navigate({ page: 'ask', collectionId: null })
        else if (command === 'open-settings') navigate({ page: 'settings' })
        else if (command === 'focus-search') document.getElementById('page-search')?.focus()
        else navigate({ page: 'library', collectionId: null, documentId: null, span: null })
      }),
    [],
  )
}
