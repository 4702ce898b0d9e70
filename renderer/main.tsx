import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import { connect } from './client/connect.ts'
import { followConnection } from './state/connection.ts'
import { applyTheme } from './state/preferences.ts'
import './styles/all.css'

applyTheme()
followConnection(connect())
const root = document.getElementById('root')
if (root) createRoot(root).render(<App />)
