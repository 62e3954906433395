from powerstrip.adapter import Adapter
slack = Adapter(id='slack', title='Slack', base_url='https://example.com')
