/** What jsdom lacks, a gateway with the responses that a test configures, and a clean page after each test. */
import { setImmediate } from 'node:timers/promises'
import '@testing-library/jest-dom/vitest'
import { cleanup, configure, getConfig } from '@testing-library/react'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { fakeGateway } from './fake-gateway'

class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
}

window.matchMedia = (query) =>
  ({ matches: false, media: query, addEventListener() {}, removeEventListener() {} }) as unknown as MediaQueryList
window.ResizeObserver = Observer
window.HTMLElement.prototype.scrollIntoView = () => {}
window.scrollTo = () => {}
window.HTMLElement.prototype.showPopover = function (this: HTMLElement) {
  this.style.display = 'block'
}
window.HTMLElement.prototype.hidePopover = () => {}
// A field that grows with its text measures it anew when a font has come.
Object.defineProperty(document, 'fonts', { value: new EventTarget() })

// After a find or an action, the effects of what was rendered have run, which a busy machine would else do later.
const usual = getConfig()
configure({
  asyncUtilTimeout: 30_000,
  asyncWrapper: (work) =>
    usual.asyncWrapper(async () => {
      const done: unknown = await work()
      for (let turns = 0; turns < 3; turns += 1) await setImmediate()
      return done
    }),
})

beforeAll(() => fakeGateway.start())
afterEach(() => {
  cleanup()
  fakeGateway.reset()
})
afterAll(() => fakeGateway.stop())
