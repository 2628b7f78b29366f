/** What the configuration means, in words. */
import type { Schemas } from '@/api/client'

type Configuration = Schemas['ConfigurationView']

export function accessOf({ access }: Configuration): { word: string; explanation: string } {
  return access === 'open'
    ? {
        word: 'No',
        explanation: 'It answers this machine alone, and no web page but this one. AI_ENGINE_ADMIN_KEY changes that.',
      }
    : { word: 'Always', explanation: 'Admin and viewer keys open these pages; client keys open /v1.' }
}

export function sandboxOf({ sandbox }: Configuration): string {
  return sandbox
    ? 'Answers with made-up, labelled text while no other provider can; a provider key in .env ends that.'
    : 'Real providers answer, or nobody.'
}
