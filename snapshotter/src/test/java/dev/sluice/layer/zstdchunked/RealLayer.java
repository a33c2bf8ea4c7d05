package dev.sluice.layer.zstdchunked;

import dev.sluice.layer.DecodedLayer;
import dev.sluice.layer.LayerDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Collectors;

/** One small tar as programs have made zstd:chunked of it, with the annotations that they gave it. In the test resources. */
enum RealLayer {
    /** {@code skopeo copy --dest-compress-format zstd:chunked} of Debian 12. */
    SKOPEO("skopeo-1.9", """
            io.containers.zstd-chunked.manifest-checksum=sha256:f48decff1ec4b3903681d452930e920344a1e287c9cf7c0690ccbeafa4097b6a
            io.containers.zstd-chunked.manifest-position=690:714:2418:1
            """),
    /** The compressor of containers/storage 1.59.1, which podman 5.6 has. */
    STORAGE("storage-1.59", """
            io.github.containers.zstd-chunked.manifest-checksum=sha256:48eceb9b956d909c78fea6b934ee48fc930c741a46bff391122a18dc47f5b51f
            io.github.containers.zstd-chunked.manifest-position=724:743:1933:1
            io.github.containers.zstd-chunked.tarsplit-position=1475:872:27147
            """),
    /** {@code ctr-remote images convert --zstdchunked} of Debian 12. */
    STARGZ("ctr-remote-0.12", """
            containerd.io/snapshot/stargz/toc.digest=sha256:4ac5607e87715dc5aaee2503e30e43e82c4eb26807cdd81aa79b666ce16acbd4
            io.containers.estargz.uncompressed-size=22016
            io.containers.zstd-chunked.manifest-checksum=sha256:67e0307b1be9ee6c01497db2692657f1a51b4cd8da7150221393deaa32eecc28
            io.containers.zstd-chunked.manifest-position=867:578:1812:1
            """);

    private final String file;
    private final String annotations;

    /** @param annotations one a line */
    RealLayer(String file, String annotations) {
        this.file = file;
        this.annotations = annotations;
    }

    byte[] blob() throws IOException {
        return Files.readAllBytes(Path.of("src/test/resources/zstd-chunked", file));
    }

    Map<String, String> annotations() {
        return annotations
                .lines()
                .collect(Collectors.toMap(
                        line -> line.substring(0, line.indexOf('=')), line -> line.substring(line.indexOf('=') + 1)));
    }

    LayerDescriptor descriptor() throws IOException {
        return describe(blob(), annotations());
    }

    /** What a manifest with these annotations would say. */
    static LayerDescriptor describe(byte[] blob, Map<String, String> annotations) {
        return new LayerDescriptor(
                "application/vnd.oci.image.layer.v1.tar+zstd", sha256(blob), blob.length, annotations);
    }

    static String sha256(byte[] bytes) {
        return "sha256:" + HexFormat.of().formatHex(DecodedLayer.sha256(bytes));
    }
}
