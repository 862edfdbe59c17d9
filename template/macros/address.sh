address=$(git config remote.origin.url | sed -E 's#^https?://([^@/]*@)?##; s#^(ssh://)?[^@/]+@([^:/]+)(:[0-9]+/|[:/])#\2/#; s#\.git$##')
