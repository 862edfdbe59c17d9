X = "{{ x }} project-name"
