/** What jsdom lacks, a gateway with the responses that a test configures, and a clean page after each test. */
import '@testing-library/jest-dom/vitest'
import { cleanup, configure } from '@testing-library/react'
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

// The first test of a file also loads the page's chunk, on a machine that may be busy.
configure({ asyncUtilTimeout: 10_000 })

beforeAll(() => fakeGateway.start())
afterEach(() => {
  cleanup()
  fakeGateway.reset()
})
afterAll(() => fakeGateway.stop())
