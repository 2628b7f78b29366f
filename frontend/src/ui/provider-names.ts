/** How providers call themselves, by the names that the gateway has for them. The shell knows; until it does, they go by those. */
import { createContext } from 'react'

export const ProviderNames = createContext<Readonly<Record<string, string>>>({})
