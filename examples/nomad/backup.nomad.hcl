# A periodic batch job whose runs are reported. The client has dogwrap and the job; the key is a variable of Nomad.
job "nightly-backup" {
  type = "batch"

  periodic {
    crons            = ["17 3 * * *"]
    prohibit_overlap = true
  }

  group "backup" {
    restart {
      attempts = 0
      mode     = "fail"
    }

    # It outlives the allocation: what cannot be delivered is delivered by the next run.
    ephemeral_disk {
      sticky  = true
      migrate = true
    }

    task "backup" {
      driver = "exec"
      # Time for the job to end after SIGTERM, and for its event to be sent.
      kill_timeout = "200s"

      config {
        command = "/usr/local/bin/dogwrap"
        args = [
          "--name", "nightly backup", "--timeout", "7200", "--spool_dir", "${NOMAD_ALLOC_DIR}/data/dogwrap",
          "--", "/usr/local/bin/backup", "--all",
        ]
      }

      template {
        destination = "secrets/datadog.env"
        env         = true
        data        = <<-EOF
          DD_API_KEY={{ with nomadVar "nomad/jobs/nightly-backup" }}{{ .api_key }}{{ end }}
          DD_SITE=datadoghq.eu
          DD_HOSTNAME={{ env "attr.unique.hostname" }}
        EOF
      }
    }
  }
}
