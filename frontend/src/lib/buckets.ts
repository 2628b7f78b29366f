/** The buckets of a range of time. */

export interface BucketRange {
  begins_at: string
  ends_at: string
  bucket_seconds: number
}

export interface Bucket<Point> {
  /** Its beginning, ISO-8601. */
  time: string
  /** `undefined` where nothing happened. */
  point: Point | undefined
}

/** Every bucket of the range in order, also the empty ones. */
export function bucketsOf<Point extends { begins_at: string }>(
  { begins_at, ends_at, bucket_seconds }: BucketRange,
  points: Point[],
): Bucket<Point>[] {
  const [begin, end, step] = [Date.parse(begins_at), Date.parse(ends_at), bucket_seconds * 1000]
  const byTime = new Map(points.map((point) => [Date.parse(point.begins_at), point]))
  return Array.from({ length: Math.max(0, Math.ceil((end - begin) / step)) }, (_, index) => {
    const at = begin + index * step
    return { time: new Date(at).toISOString(), point: byTime.get(at) }
  })
}
