package engine

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// BenchmarkWrite is one durable row of each of many writers at once.
func BenchmarkWrite(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		for _, writers := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/%d", engine, writers), func(b *testing.B) {
				where := filepath.Join(b.TempDir(), "tunnus.db")
				if engine == "postgres" {
					where = cluster.Database(b)
				}
				d := openAt(b, where)
				var n atomic.Int64
				b.SetParallelism(max(1, writers/2))
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := d.Write(b.Context(), insert(fmt.Sprint(n.Add(1)))); err != nil {
							b.Error(err)
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
			})
		}
	}
}
