/** The logo: one input, several outputs. */
export function EngineMark({ size = 24 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden>
      <rect width="32" height="32" rx="8" fill="var(--ae-accent)" />
      <path
        d="M7 16h5m8-7h5M20 23h5M12 16l8-7M12 16l8 7"
        fill="none"
        stroke="#fff"
        strokeWidth="2.4"
        strokeLinecap="round"
      />
      <circle cx="12" cy="16" r="3" fill="#fff" />
    </svg>
  )
}
