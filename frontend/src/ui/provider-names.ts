/** Display names of providers, by name. The shell provides them. */
import { createContext } from 'react'

export const ProviderNames = createContext<Readonly<Record<string, string>>>({})
