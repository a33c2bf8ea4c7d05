package dev.sluice.e2e;

import dev.sluice.e2e.registry.AccessLog;
import java.time.Duration;

/**
 * What one cold start cost. Bytes by the link are what had passed it at that moment, HTTP headers, manifest and configuration
 * included; those by the registry are response bodies of blobs.
 *
 * @param snapshotter containerd's name of it
 * @param workload what the container ran
 * @param output first line that the container printed
 * @param pull from the start of the pull to its end
 * @param firstOutput from the start of the pull to the container's first byte of output
 * @param pullBytes bytes by the link at the end of the pull
 * @param firstOutputBytes bytes by the link at the first output
 * @param blobs by the registry, up to the end of the container and of Sluice
 */
record Measurement(
        String snapshotter,
        Workload workload,
        String output,
        Duration pull,
        Duration firstOutput,
        long pullBytes,
        long firstOutputBytes,
        AccessLog blobs) {}
