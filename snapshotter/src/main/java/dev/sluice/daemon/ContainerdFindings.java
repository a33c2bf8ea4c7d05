package dev.sluice.daemon;

import static java.util.stream.Collectors.joining;

import dev.sluice.daemon.DoctorReport.Finding;
import dev.sluice.daemon.DoctorReport.Fix;
import dev.sluice.daemon.DoctorReport.Level;
import dev.sluice.install.Requirement;
import dev.sluice.install.Setting;
import dev.sluice.install.toml.TomlText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How {@code sluice doctor} reports what containerd's configuration has, and lacks. */
final class ContainerdFindings {
    private ContainerdFindings() {}

    /** @param file containerd's configuration */
    static List<Finding> of(List<Requirement> requirements, Path file) {
        List<Finding> findings = new ArrayList<>();
        boolean change = false;
        for (Requirement requirement : requirements) {
            Level level = Level.valueOf(requirement.level().name());
            findings.add(new Finding(
                    "containerd: " + requirement.part(),
                    level,
                    requirement.explanation(),
                    requirement.remedy().map(remedy -> fix(remedy, file))));
            change |= requirement.remedy().orElse(new Requirement.Restart()) instanceof Requirement.Change;
        }
        if (change) {
            boolean usual = file.equals(Path.of("/etc/containerd/config.toml"));
            findings.add(new Finding(
                    "containerd: configuration",
                    Level.NOTE,
                    "`sluice install" + (usual ? "" : " --containerd-config " + file)
                            + "` writes these lines, and with --cri those for kubelets; it shows them first"));
        }
        return findings;
    }

    private static Fix fix(Requirement.Remedy remedy, Path file) {
        if (!(remedy instanceof Requirement.Change change)) {
            return new Fix("in a shell", "systemctl restart containerd");
        }
        Setting setting = change.setting();
        List<String> table = setting.table();
        if (setting instanceof Setting.Put put && put.entries().size() > 1) {
            // On one line, which can be pasted.
            String line =
                    TomlText.key(table.subList(table.size() - 1, table.size())) + " = " + TomlText.of(put.entries());
            return new Fix(under(table.subList(0, table.size() - 1), file), line);
        }
        return new Fix(under(table, file), setting.line());
    }

    private static String under(List<String> table, Path file) {
        return "under ["
                + table.stream().map(part -> TomlText.key(List.of(part))).collect(joining(".")) + "] in " + file;
    }
}
