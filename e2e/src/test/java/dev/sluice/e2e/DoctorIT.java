package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What {@code sluice doctor} prints is enough to configure containerd. */
class DoctorIT {

    private final TestBed bed = Machine.newTestBed();

    DoctorIT() throws IOException {}

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "umoci", "mmdebstrap", "ctr-remote");
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void theLinesThatItPrintsMakeContainerd2PullLazily() throws IOException {
        Path layout = Estargz.build(TestImages.PYTHON, bed.directory("i"));
        RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
        String reference = registry.address() + "/python:latest";
        ImagePublisher.push(layout, DebianImage.TAG, reference);
        Path directory = bed.directory("c");
        SluiceProcess.Settings settings = new SluiceProcess.Settings(
                Machine.distribution(),
                bed.directory("s"),
                directory.resolve("s"),
                "auto",
                SluiceProcess.Settings.plainHttp(List.of(registry.address())));
        bed.add(SluiceProcess.start(settings));
        ContainerdProcess containerd =
                bed.add(ContainerdProcess.start(directory, Machine.newestContainerd(), ContainerdConfig.PLAIN));
        Path file = directory.resolve("config.toml");
        Files.writeString(file, """
                version = 3
                root = "%1$s/root"
                state = "%1$s/state"
                disabled_plugins = ["io.containerd.cri.v1.images", "io.containerd.grpc.v1.cri"]
                [grpc]
                  address = "%1$s/s"
                [ttrpc]
                  address = "%1$s/t"
                """.formatted(directory));
        Command doctor = Command.of(
                settings.distribution().resolve("bin/sluice").toString(),
                "doctor",
                "--json",
                "--root",
                settings.directory().resolve("root").toString(),
                "--containerd-config",
                file.toString());

        containerd.kill();
        containerd.restart();
        Command.Result ill = doctor.runForResult();
        assertThat(ill.exitCode()).as(ill.stdout() + ill.stderr()).isOne();
        List<JsonNode> fixes = fixes(ill);
        assertThat(fixes).hasSize(2);
        for (JsonNode fix : fixes) {
            paste(fix, file);
        }
        containerd.kill();
        containerd.restart();
        assertThat(fixes(doctor.run())).isEmpty();

        containerd.client().pull(reference, SluiceProcess.NAME);
        assertThat(containerd
                        .client()
                        .run(reference, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                        .stdout())
                .isEqualTo("hello\n");
        assertThat(containerd.client().content("default"))
                .isNotEmpty()
                .doesNotContainAnyElementsOf(RemoteManifest.fetch(reference).layers().stream()
                        .map(layer -> layer.path("digest").asText())
                        .toList());
    }

    private static List<JsonNode> fixes(Command.Result result) throws IOException {
        List<JsonNode> fixes = new ArrayList<>();
        new ObjectMapper().readTree(result.stdout()).path("findings").forEach(finding -> {
            if (finding.has("fix")) {
                fixes.add(finding.path("fix"));
            }
        });
        return fixes;
    }

    private static void paste(JsonNode fix, Path file) throws IOException {
        String where = fix.path("where").asText();
        assertThat(where).startsWith("under [").endsWith("] in " + file);
        String heading = where.substring("under ".length(), where.length() - (" in " + file).length());
        Files.writeString(file, heading + "\n" + fix.path("line").asText() + "\n", StandardOpenOption.APPEND);
    }
}
