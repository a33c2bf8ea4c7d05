package dev.sluice.e2e.runtime;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.ImagePublisher;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Does what a kubelet does, through CRI.
 *
 * @param program built
 * @param containerd socket of a containerd with CRI, or of what passes its calls on
 */
public record CriClient(Path program, Path containerd) {

    /** Where containerd keeps what belongs to CRI. */
    public static final String NAMESPACE = "k8s.io";

    /**
     * Publishes an image for the sandbox of pods, which does nothing: the program is its only file.
     *
     * @param work for an OCI layout; empty
     * @param reference such as {@code 127.0.0.1:5000/pause:1}
     */
    public static void publishSandbox(Path program, Path work, String reference) throws IOException {
        String image = work.resolve("sandbox") + ":" + DebianImage.TAG;
        Command.of("umoci", "init", "--layout", work.resolve("sandbox").toString())
                .run();
        Command.of("umoci", "new", "--image", image).run();
        Command.of("umoci", "insert", "--image", image, program.toString(), "/pause")
                .run();
        Command.of("umoci", "config", "--image", image, "--config.entrypoint", "/pause", "--config.cmd", "pause")
                .run();
        ImagePublisher.push(work.resolve("sandbox"), DebianImage.TAG, reference);
    }

    public void pull(String reference) throws IOException {
        command("pull", reference).run();
    }

    /** Pulls with the credentials of a pull secret. */
    public void pull(String reference, String username, String password) throws IOException {
        command("pull", reference)
                .with("CRI_USERNAME", username)
                .with("CRI_PASSWORD", password)
                .run();
    }

    /** Runs a command in a container of a new pod on the host's network, to its end; removes both. */
    public Command.Result run(String reference, List<String> containerCommand) throws IOException {
        return command("run", reference).withArguments(containerCommand).run();
    }

    public void remove(String reference) throws IOException {
        command("rmi", reference).run();
    }

    private Command command(String verb, String reference) {
        return Command.of(program.toString(), containerd.toString(), verb, reference);
    }
}
