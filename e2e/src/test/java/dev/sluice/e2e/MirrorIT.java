package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.FaultBed.Outcome;
import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A daemon whose registry exists only as two mirrors in containerd's {@code hosts.toml}, one of which dies. */
class MirrorIT {
    private static final String REGISTRY = "registry.invalid";
    private static final int FILES = 12;
    private static final Duration GENEROUS = Duration.ofMinutes(2);

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("containerd", "docker-registry", "skopeo", "ctr-remote");
    }

    @Test
    void readsGoOnFromTheOtherMirrorWhenOneIsKilled() throws IOException {
        try (TestBed bed = Machine.newTestBed()) {
            FaultBed.Image image = FaultBed.Image.publish(bed, FILES);
            Path copy = bed.directory("r2");
            Command.of("cp", "-a", bed.directory("r").resolve("data").toString(), copy.toString())
                    .run();
            RegistryProcess first = bed.add(RegistryProcess.start(copy));
            RegistryProcess second = image.registry();
            Path certs = bed.directory("certs.d");
            Files.createDirectories(certs.resolve(REGISTRY));
            Files.writeString(
                    certs.resolve(REGISTRY).resolve("hosts.toml"), """
                    server = "http://%s"
                    [host."http://%s"]
                      capabilities = ["pull", "resolve"]
                    """.formatted(second.address(), first.address()));
            SluiceProcess daemon = FaultBed.start(bed, Machine.distribution(), """
                    prefetch = false
                    [registry]
                    config_path = "%s"
                    [fill]
                    read_ahead_max = "0B"
                    """.formatted(certs));
            Path mount = FaultBed.mount(bed, Machine.distribution(), daemon, image.reference(REGISTRY));

            List<Outcome> outcomes = new ArrayList<>();
            for (int i = 0; i < FILES; i++) {
                if (i == FILES / 2) {
                    assertThat(first.accessLog().requests()).isNotEmpty();
                    first.kill();
                }
                outcomes.add(FaultBed.read(mount, i, GENEROUS));
            }

            assertThat(outcomes).hasSize(FILES).containsOnly(Outcome.RIGHT_BYTES);
            assertThat(second.accessLog().requests()).isNotEmpty();
            assertThat(Files.readString(daemon.log()))
                    .contains(first.address() + " is left for other hosts of the registry for now")
                    .contains(REGISTRY);
        }
    }
}
