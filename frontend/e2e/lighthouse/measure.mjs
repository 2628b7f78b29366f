// Lighthouse for the built pages behind nginx, with requests in the ledger: `make lighthouse`.
//
// Three runs for each page, of which the median counts, since single runs vary. It measures a desktop, with exit code 1 if a score is
// below 95, and for information a slow phone (four times slower, on a slow mobile network). `FORM=desktop` or `FORM=mobile` measures
// only that.
import { launch } from 'chrome-launcher'
import lighthouse from 'lighthouse'
import desktop from 'lighthouse/core/config/desktop-config.js'
import { startStack } from '../stack.ts'

const PAGES = ['/', '/providers', '/models', '/statistics', '/requests', '/playground', '/settings', '/nowhere']
const CATEGORIES = ['performance', 'accessibility', 'best-practices']
const RUNS = 3
const LEAST = 95
const REQUESTS = 40

const forms = process.env.FORM ? [process.env.FORM] : ['desktop', 'mobile']
const stack = await startStack()
const chrome = await launch({
  chromePath: process.env.CHROMIUM || '/usr/bin/chromium',
  chromeFlags: ['--headless=new', '--no-sandbox'],
})
try {
  for (let number = 0; number < REQUESTS; number += 1) await chat(number)
  for (const form of forms) {
    console.log(`Median of ${RUNS} runs, ${form}: ${CATEGORIES.join(', ')}; first and largest paint, blocked, shift`)
    for (const path of PAGES) await measure(path, form)
  }
} finally {
  chrome.kill()
  await stack.stop()
}

async function measure(path, form) {
  const runs = []
  for (let run = 0; run < RUNS; run += 1) runs.push(await measured(path, form))
  const scores = CATEGORIES.map((name) =>
    Math.round(100 * median(runs.map(({ categories }) => categories[name].score))),
  )
  const times = ['first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time', 'cumulative-layout-shift']
  const values = times.map((name) => runs.find(isMedian(runs)).audits[name].displayValue)
  console.log(`${path.padEnd(12)} ${scores.join('  ')}   ${values.join(', ')}`)
  if (scores.every((score) => score >= LEAST)) return
  if (form === 'desktop') process.exitCode = 1
  printFaults(runs[0])
}

async function measured(path, form) {
  const options = { port: chrome.port, onlyCategories: CATEGORIES, logLevel: 'error' }
  const { lhr } = await lighthouse(stack.url + path, options, form === 'desktop' ? desktop : undefined)
  return lhr
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

/** The run whose performance is the middle one. */
function isMedian(runs) {
  const middle = median(runs.map(({ categories }) => categories.performance.score))
  return ({ categories }) => categories.performance.score === middle
}

function printFaults({ categories, audits }) {
  for (const name of CATEGORIES)
    for (const { id, weight } of categories[name].auditRefs)
      if (weight > 0 && audits[id].score !== null && audits[id].score < 0.9)
        console.log(`  ${name}: ${audits[id].title} ${audits[id].displayValue ?? ''}`)
}

async function chat(number) {
  await fetch(`${stack.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: `model-${number % 5}`, messages: [{ role: 'user', content: 'Hello' }] }),
  })
}
